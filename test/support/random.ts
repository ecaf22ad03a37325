/** Numbers in [0, 1) that the seed decides; mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** So many of them, chosen by the seed, in their order. */
export function someOf<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = randomOf(seed);
  const chosen = new Set(
    all
      .map((one) => ({ one, rank: random() }))
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, count)
      .map(({ one }) => one),
  );
  return all.filter((one) => chosen.has(one));
}
