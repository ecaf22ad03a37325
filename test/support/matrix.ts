import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { someOf } from "./random.ts";

/** Long tables of tests, of which a run may take a part: a subset that another seed chooses anew. */

/** The rows that this run takes, in their order: all of them, or as many as FIREDRILL_SUBSET says. */
export function rowsOfRun<Row>(rows: readonly Row[]): Row[] {
  const { subset, seed } = inject("matrix");
  if (subset === null || subset >= rows.length) return [...rows];
  return someOf(rows, subset, seed);
}

/** Notes a row that came out as it must; call it last in its test. Its keys are the columns. */
export async function noteRow(row: Record<string, string | number>): Promise<void> {
  await appendFile(join(inject("matrix").directory, "rows.jsonl"), `${JSON.stringify(row)}\n`);
}
