import { expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/outcome.ts";
import type { RunRecord } from "../../src/report/record.ts";

type State = Pick<RunRecord, "status" | "verdict">;

const table: [State, number][] = [
  [{ status: "running", verdict: null }, 0],
  [{ status: "closing", verdict: null }, 0],
  [{ status: "waiting", verdict: null }, 5],
  [{ status: "done", verdict: "PASS" }, 0],
  [{ status: "done", verdict: "FAIL" }, 1],
  [{ status: "done", verdict: "INCONCLUSIVE" }, 4],
  [{ status: "done", verdict: null }, 0],
  [{ status: "refused", verdict: null }, 3],
  [{ status: "skipped", verdict: "INCONCLUSIVE" }, 4],
  [{ status: "aborted", verdict: "FAIL" }, 1],
  [{ status: "cancelled", verdict: "INCONCLUSIVE" }, 4],
  [{ status: "cancelled", verdict: "FAIL" }, 1],
  [{ status: "cancelled", verdict: null }, 4],
  [{ status: "failed", verdict: null }, 1],
];

test.each(table)("the exit code of %j is %i", (state, code) => {
  expect(exitCodeOf(state)).toBe(code);
});
