import type { Client, WorkflowExecutionDescription } from "@temporalio/client";
import { fail } from "../failures.ts";
import { endedOutside } from "../report/ended-outside.ts";
import type { RunRecord } from "../report/record.ts";
import { endingOf, failureFrom, hasBegun } from "./ending.ts";
import { describeRun, isOpen, readRecord, taskFailure } from "./observe.ts";
import { programName } from "./program-name.ts";
import { recordedRun } from "./recorded-run.ts";

/** A run that was ended from outside has not heard of it: what it shows is as it was a moment before. */
export function asEnded(
  record: RunRecord,
  { status, closeTime = new Date() }: Pick<WorkflowExecutionDescription, "status" | "closeTime">,
): RunRecord {
  if (isOpen({ status }) || record.endedAt !== null) return record;
  return { ...endedOutside(record, status.name, null), endedAt: closeTime.toISOString() };
}

/**
 * The record of a run, read once. A run that passed has it as its result; any other needs a worker. Without a run ID it is
 * the newest run that has one.
 * Throws REQUEST_INVALID (no such run), SYSTEM_UNREACHABLE (no worker), and the run's own failure when it has no record.
 */
export async function fetchRecord(client: Client, workflowId: string, runId?: string): Promise<RunRecord> {
  const handle = client.workflow.getHandle(workflowId, runId ?? (await recordedRun(client, workflowId)));
  const description = await describeRun(client, handle);
  if (description?.status.name === "COMPLETED") return (await endingOf(handle)).result as RunRecord;
  const record = await readRecord(client, handle);
  const open = description === null || isOpen(description);
  if (record !== null && (open || hasBegun(record)))
    return description === null ? record : asEnded(record, description);
  const stuck = description === null ? null : await taskFailure(client, handle, description);
  if (stuck !== null) {
    throw fail("UNEXPECTED", `run ${workflowId} is stuck: ${stuck}`, "Read the worker's log, and report the defect.");
  }
  const { failure } = open ? { failure: null } : await endingOf(handle);
  if (failure !== null && (record !== null || failure.type !== "ABORTED")) throw failureFrom(failure);
  const hint = `Start a worker, it alone can say: ${programName} worker`;
  throw fail("SYSTEM_UNREACHABLE", `no worker answers for run ${workflowId}`, hint);
}
