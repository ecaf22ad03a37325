import type { Client, WorkflowHandle } from "@temporalio/client";
import { failureTypes, isFailureType } from "../failures.ts";
import { endedOutside, saysEndedOutside } from "../report/ended-outside.ts";
import type { RunRecord } from "../report/record.ts";
import { print, printFailure } from "./console.ts";
import { endingOf } from "./ending.ts";
import { describeRun, isOpen } from "./observe.ts";
import { exitCodeOf, exitCodes } from "./outcome.ts";
import { summaryLines } from "./view/summary.ts";

/** Failures that the record tells better than the one sentence of Temporal. */
const toldByRecord = new Set<string>(["DRILL_FAILED", "NOT_PROVEN", "REFUSED", "ABORTED"]);

/**
 * Prints the end of a run and gives its exit code; of a run that goes on, or of which nobody can say, it prints nothing.
 * @param quiet prints nothing on stdout
 * @param whileOpen exit code of a run that goes on
 */
export async function conclude(
  client: Client,
  handle: WorkflowHandle,
  record: RunRecord,
  quiet: boolean,
  whileOpen: number,
): Promise<number> {
  const told = record.endedAt !== null;
  if (told && !quiet) print(summaryLines(record).join("\n"));
  const description = await describeRun(client, handle);
  if (description === null) return told ? exitCodeOf(record) : whileOpen;
  if (isOpen(description)) return whileOpen;
  const { failure } = await endingOf(handle);
  // Terminated, timed out, or lost before it could write anything down.
  const tells = told && toldByRecord.has(failure?.type ?? "") && saysEndedOutside(record) === "";
  if (failure !== null && !tells) printFailure(failure);
  if (told || failure === null) return exitCodeOf(record);
  // What the worker will say of it when it has cleaned up.
  if (failure.type === "ABORTED") return exitCodeOf(endedOutside(record, description.status.name, null));
  return isFailureType(failure.type) ? failureTypes[failure.type].exitCode : exitCodes.failed;
}
