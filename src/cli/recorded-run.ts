import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { describeRun, isOpen } from "./observe.ts";

/**
 * Whether a run has come so far that it has a record. One that fails before it has read its plan has none: its request was
 * wrong, or what it was to resume cannot be resumed.
 */
function isRecorded({ status, memo }: Pick<WorkflowExecutionInfo, "status" | "memo">): boolean {
  return isOpen({ status }) || status.name === "COMPLETED" || memo?.["digest"] !== undefined;
}

/**
 * Run ID of the run that a person means by a workflow ID: the newest that has a record, so that a start which was refused
 * does not hide it. Undefined where there is none, and where the server does not answer. Throws REQUEST_INVALID when there
 * is no such run at all.
 */
export async function recordedRun(client: Client, workflowId: string): Promise<string | undefined> {
  const newest = await describeRun(client, client.workflow.getHandle(workflowId));
  if (newest === null) return undefined;
  return isRecorded(newest) ? newest.runId : await newestListed(client, workflowId);
}

async function newestListed(client: Client, workflowId: string): Promise<string | undefined> {
  let newest: WorkflowExecutionInfo | undefined;
  for await (const run of client.workflow.list({ query: `WorkflowId = ${JSON.stringify(workflowId)}` }))
    if (isRecorded(run) && (newest === undefined || run.startTime > newest.startTime)) newest = run;
  return newest?.runId;
}

/** Whether a workflow is only an attempt to go on with another run, and was refused: lists tell of the run itself. */
export async function isRefusedStart(client: Client, run: WorkflowExecutionInfo): Promise<boolean> {
  return !isRecorded(run) && (await newestListed(client, run.workflowId)) !== undefined;
}
