import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanRun } from "./activities/cleanup.ts";
import { readJson } from "./activities/files.ts";
import { recordFile, writeReports } from "./activities/report.ts";
import { openRuns, readRunFile, recordDirectory, runDirectory, writeRunFile } from "./activities/run-directory.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";
import { endedOutside } from "./report/ended-outside.ts";
import type { RunRecord } from "./report/record.ts";

const everyMs = 15_000;

/**
 * Cleans up after runs that could not do it themselves: a terminated workflow runs no code any more. Looks at the runs
 * that this host has directories of, at once and then every 15 s, until the signal.
 */
export async function sweep(config: Config, client: Client, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepOnce(config, client, logger).catch((error: unknown) =>
      logger.warn({ error: String(error) }, "could not look for ended runs"),
    );
    await sleep(everyMs, undefined, { signal }).catch(() => "the worker stops");
  }
}

const over = ["COMPLETED", "FAILED", "CANCELLED", "TERMINATED", "TIMED_OUT"];

async function sweepOnce(config: Config, client: Client, logger: Logger): Promise<void> {
  for (const { id, workflowId, runId } of await openRuns(config)) {
    // A server that does not know the run may be a new one: the run can be resumed from its record, so leave it alone.
    const status = await statusOf(client, workflowId, runId);
    if (status === undefined || !over.includes(status)) continue;
    // It may have cleaned up by itself since we looked.
    const file = await readRunFile(config, id);
    if (file === undefined || file.closed) continue;
    await sweepRun(config, id, status, logger).catch((error: unknown) =>
      logger.error({ workflowId, error: String(error) }, "could not clean up after a run"),
    );
    await writeRunFile(config, id, { ...file, closed: true });
  }
}

async function sweepRun(config: Config, id: string, status: string, logger: Logger): Promise<void> {
  const { leftovers, removed } = await cleanRun(runDirectory(config, id));
  logger.warn({ run: id, status, removed, leftovers }, "cleaned up after a run that ended without doing so");
  const record = await readJson<RunRecord>(recordFile(recordDirectory(config, id)));
  if (record === undefined) return;
  // A run that could still say how it ended has the last word on that.
  await writeReports(record.endedAt === null ? endedOutside(record, status, leftovers) : { ...record, leftovers });
}

async function statusOf(client: Client, workflowId: string, runId: string): Promise<string | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
