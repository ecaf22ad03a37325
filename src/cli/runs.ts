import type { Client } from "@temporalio/client";
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { fail } from "../failures.ts";
import { type RunType, runTypes } from "../report/record.ts";
import { shellWord } from "../report/safe-text.ts";
import type { Request } from "../workflows/request.ts";
import { programName } from "./program-name.ts";

/** For queries of the Temporal server. */
export const isRun = `WorkflowType IN (${runTypes.map((type) => `'${type}'`).join(", ")})`;
/** Taken from its server's list, which sorts by closing; more than that never run at once. */
const newestAmong = 50;

/** Workflow ID of the run that was started last. Throws REQUEST_INVALID when there is none. */
export async function newestRun(client: Client, taskQueue: string): Promise<string> {
  let newest: { workflowId: string; startTime: Date } | undefined;
  let seen = 0;
  for await (const run of client.workflow.list({ query: `${isRun} AND TaskQueue = '${taskQueue}'` })) {
    if (newest === undefined || run.startTime > newest.startTime) newest = run;
    if (++seen === newestAmong) break;
  }
  if (newest !== undefined) return newest.workflowId;
  throw fail("REQUEST_INVALID", "there is no run yet", "Start one: `firedrill exercise PLAN`.");
}

/** Whether a worker asks for work. */
export async function workerPolls(client: Client, taskQueue: string): Promise<boolean> {
  return (await pollersOf(client, taskQueue)).length > 0;
}

/** Identities of the workers that have asked for work in the last minute and a half; the server knows no better. */
export async function pollersOf(client: Client, taskQueue: string): Promise<string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
  });
  const recent = Date.now() / 1000 - 90;
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > recent)
    .map(({ identity }) => identity ?? "");
}

/** Throws REQUEST_INVALID when a run with this ID is under way. */
export async function start(
  client: Client,
  type: RunType,
  options: { taskQueue: string; workflowId: string; request: Request },
): Promise<string> {
  const { taskQueue, workflowId, request } = options;
  try {
    const handle = await client.workflow.start(type, {
      taskQueue,
      workflowId,
      args: [request],
      workflowIdConflictPolicy: "FAIL",
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const other = request.resume === undefined ? ", or choose another --id" : "";
    const hint = `Follow it with \`${programName} status ${shellWord(workflowId)} --watch\`${other}.`;
    throw fail("REQUEST_INVALID", `run ${workflowId} is under way already`, hint);
  }
}
