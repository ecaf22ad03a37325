import type { Client, WorkflowHandle } from "@temporalio/client";
import { loadConfig } from "../../config.ts";
import type { RunRecord } from "../../report/record.ts";
import { exitCodeOf, exitCodes } from "../outcome.ts";
import { conclude } from "../conclude.ts";
import { print, printJson } from "../console.ts";
import { fetchRecord } from "../fetch-record.ts";
import { followRun } from "../live.ts";
import { describeRun, progressOf } from "../observe.ts";
import { recordedRun } from "../recorded-run.ts";
import { newestRun } from "../runs.ts";
import { viewLines } from "../view.ts";
import { withTemporal } from "../with-temporal.ts";

async function printOnce(client: Client, record: RunRecord, handle: WorkflowHandle): Promise<void> {
  const description = await describeRun(client, handle);
  const progress = description === null ? new Map() : await progressOf(client, description);
  const size = { columns: process.stdout.columns ?? 100, rows: Infinity };
  // No time passes any more for a step that was cut short.
  const now = record.endedAt === null ? Date.now() : Date.parse(record.endedAt);
  print(viewLines({ record, progress, trouble: null, answering: null, now, frame: 0 }, size).join("\n"));
}

/** Shows a run once, or follows it. Throws REQUEST_INVALID and SYSTEM_UNREACHABLE. */
export async function showStatus(
  id: string | undefined,
  { watch = false, json = false }: { watch?: boolean; json?: boolean },
): Promise<number> {
  return await withTemporal(async (client) => {
    const workflowId = id ?? (await newestRun(client, loadConfig().taskQueue));
    const runId = await recordedRun(client, workflowId);
    const handle = client.workflow.getHandle(workflowId, runId);
    const record = watch
      ? await followRun({ client, workflowId, runId })
      : await fetchRecord(client, workflowId, runId);
    if (json) printJson(record);
    else if (!watch) await printOnce(client, record, handle);
    return await conclude(client, handle, record, json, watch ? exitCodes.left : exitCodeOf(record));
  });
}
