import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";

/** Long tables of tests, of which a run may take a part: a subset that another seed chooses anew. */

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

/** The rows that this run takes, in their order: all of them, or as many as FIREDRILL_SUBSET says. */
export function rowsOfRun<Row>(rows: readonly Row[]): Row[] {
  const { subset, seed } = inject("matrix");
  if (subset === null || subset >= rows.length) return [...rows];
  const random = randomOf(seed);
  const chosen = new Set(
    rows
      .map((row) => ({ row, rank: random() }))
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, subset)
      .map(({ row }) => row),
  );
  return rows.filter((row) => chosen.has(row));
}

/** Notes a row that came out as it must; call it last in its test. Its keys are the columns. */
export async function noteRow(row: Record<string, string | number>): Promise<void> {
  await appendFile(join(inject("matrix").directory, "rows.jsonl"), `${JSON.stringify(row)}\n`);
}
