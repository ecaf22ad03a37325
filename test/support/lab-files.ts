import { globSync } from "node:fs";
import { someOf } from "./random.ts";

/** The exercise that all of it exists for: no run leaves it out. */
const always = "test/cluster/homelab.test.ts";

/**
 * Test files of the lab that this run takes: all, or the drill of a whole cluster and FIREDRILL_SUBSET others, chosen by
 * FIREDRILL_SEED, which is chosen where it is not given.
 */
export function labFiles(): string[] {
  const all = globSync("test/cluster/**/*.test.ts").toSorted();
  const subset = process.env["FIREDRILL_SUBSET"];
  if (subset === undefined) return all;
  const seed = (process.env["FIREDRILL_SEED"] ??= String(Math.floor(Math.random() * 1_000_000_000)));
  const others = all.filter((file) => file !== always);
  return [always, ...someOf(others, Number(subset), Number(seed))];
}
