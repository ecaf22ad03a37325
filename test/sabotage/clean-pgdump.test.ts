import { afterAll, describe, inject, test } from "vitest";
import { rowsOfRun } from "../support/matrix.ts";
import { cleanRows, describeRow } from "./clean-rows.ts";
import { cleanRun, type CleanStage, createStage } from "./clean-stage.ts";

/**
 * Drills without sabotage: plans, data and writers as the seed throws them together, on each version of PostgreSQL that
 * can be had. Each must pass: a drill that cries wolf is not believed when it matters.
 */
const versions = [
  { major: 15, count: 28 },
  { major: 14, count: 4 },
  { major: 16, count: 5 },
  { major: 17, count: 4 },
  { major: 18, count: 5 },
];
const { seed } = inject("matrix");
const all = versions.flatMap(({ major, count }) => cleanRows(count, seed + major).map((row) => ({ major, row })));
const chosen = rowsOfRun(all);

describe.each(versions.filter(({ major }) => chosen.some((one) => one.major === major)))(
  "PostgreSQL $major",
  ({ major }) => {
    const rows = chosen.filter((one) => one.major === major).map(({ row }) => row);
    let stage: Promise<CleanStage | string> | undefined;
    afterAll(async () => {
      const made = await stage;
      if (typeof made === "object") await made.remove();
    });
    test.for(rows.map((row) => ({ row, name: describeRow(row) })))("$name", async ({ row }, { skip }) => {
      stage ??= createStage(
        major,
        rows.map(({ database }) => database),
      );
      const made = await stage;
      if (typeof made === "string") return skip(`PostgreSQL ${major}: ${made}`);
      await cleanRun(made, row);
    });
  },
);
