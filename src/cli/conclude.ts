import type { WorkflowHandle } from "@temporalio/client";
import { failureTypes, isFailureType } from "../failures.ts";
import type { RunRecord } from "../report/record.ts";
import { print, printFailure } from "./console.ts";
import { endingOf } from "./ending.ts";
import { exitCodeOf, exitCodes } from "./outcome.ts";
import { summaryLines } from "./view/summary.ts";

/** Failures that the record tells better than the one sentence of Temporal. */
const toldByRecord = new Set<string>(["DRILL_FAILED", "NOT_PROVEN", "REFUSED", "ABORTED"]);

/**
 * Prints the end of a run and gives its exit code; of a run that goes on it prints nothing.
 * @param quiet prints nothing on stdout
 * @param whileOpen exit code of a run that goes on
 */
export async function conclude(
  handle: WorkflowHandle,
  record: RunRecord,
  quiet: boolean,
  whileOpen: number,
): Promise<number> {
  if (record.endedAt !== null && !quiet) print(summaryLines(record).join("\n"));
  const { status } = await handle.describe();
  if (status.name === "RUNNING" || status.name === "PAUSED") return whileOpen;
  const { failure } = await endingOf(handle);
  if (failure === null) return exitCodeOf(record);
  // Terminated, timed out, or lost before it could write anything down.
  if (record.endedAt === null || !toldByRecord.has(failure.type)) printFailure(failure);
  return isFailureType(failure.type) ? failureTypes[failure.type].exitCode : exitCodes.failed;
}
