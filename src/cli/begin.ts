import type { Client } from "@temporalio/client";
import { loadConfig } from "../config.ts";
import type { RunType } from "../report/record.ts";
import { shellWord } from "../report/safe-text.ts";
import type { Request } from "../workflows/request.ts";
import { conclude } from "./conclude.ts";
import { note, print, printJson } from "./console.ts";
import { followRun } from "./live.ts";
import { exitCodes } from "./outcome.ts";
import { programName } from "./program-name.ts";
import { start, workerPolls } from "./runs.ts";

export interface Following {
  /** Starts the run and does not follow it. */
  detach?: boolean;
  json?: boolean;
}

/** Starts a run and follows it to its end; returns its exit code. Throws REQUEST_INVALID, and the run's own failure. */
export async function begin(
  client: Client,
  type: RunType,
  workflowId: string,
  request: Request,
  { detach = false, json = false }: Following,
): Promise<number> {
  const { taskQueue } = loadConfig();
  if (!(await workerPolls(client, taskQueue)))
    note(`no worker asks for work on task queue ${taskQueue}; the run waits for one: ${programName} worker`);
  const runId = await start(client, type, { taskQueue, workflowId, request });
  if (detach) {
    if (json) printJson({ workflowId, runId });
    else print(`started ${workflowId}\nfollow it: ${programName} status ${shellWord(workflowId)} --watch`);
    return exitCodes.done;
  }
  const record = await followRun({
    client,
    workflowId,
    runId,
    out: json ? process.stderr : process.stdout,
    by: request.by,
  });
  if (json) printJson(record);
  return await conclude(client, client.workflow.getHandle(workflowId, runId), record, json, exitCodes.left);
}
