import type { RunRecord } from "../report/record.ts";

/**
 * Exit codes of `firedrill`; the table of src/failures.ts has those of the single failures. `left`: somebody left the view
 * of a run that goes on, which is no success for a script.
 */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, inconclusive: 4, waiting: 5, left: 130 };

/** Thrown when somebody left the view of a run before it had answered: there is no record to return, and no failure. */
export const leftUnanswered = new Error("the view was left before the run answered");

const ofVerdict = { PASS: exitCodes.done, FAIL: exitCodes.failed, INCONCLUSIVE: exitCodes.inconclusive };
const ofStatus: Record<RunRecord["status"], number> = {
  running: exitCodes.done,
  closing: exitCodes.done,
  waiting: exitCodes.waiting,
  done: exitCodes.done,
  refused: exitCodes.refused,
  // Nothing is wrong, and nothing proven.
  skipped: exitCodes.inconclusive,
  aborted: exitCodes.failed,
  cancelled: exitCodes.inconclusive,
  failed: exitCodes.failed,
};

/** What the state of a run means for a script: an open run is 0, or 5 while it waits for a person. */
export function exitCodeOf({ status, verdict }: Pick<RunRecord, "status" | "verdict">): number {
  const judged = status === "done" || status === "cancelled";
  return judged && verdict !== null ? ofVerdict[verdict] : ofStatus[status];
}
