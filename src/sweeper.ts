import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanRun } from "./activities/cleanup.ts";
import { readJson } from "./activities/files.ts";
import { recordFile, writeReports } from "./activities/report.ts";
import { readRunFile, recordDirectory, runDirectory, runIds, writeRunFile } from "./activities/run-directory.ts";
import { isWorkedOn } from "./activities/turn.ts";
import type { Config } from "./config.ts";
import { describeFailure } from "./failures.ts";
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
  for (const id of await runIds(config)) {
    const read = () =>
      readRunFile(config, id).catch((error: unknown) =>
        logger.error({ run: id, error: String(error) }, "cannot tell whose directory this is; look at it yourself"),
      );
    const file = await read();
    if (!file || file.closed) continue;
    // A server that does not know the run may be a new one: the run can be resumed from its record, so leave it alone.
    const status = await statusOf(client, file.workflowId, file.runId);
    if (status === undefined || !over.includes(status)) continue;
    // It may have cleaned up by itself since we looked.
    if ((await read())?.closed !== false) continue;
    try {
      // A step that has not heard of the end yet may still start something; it hears of it with its next heartbeat.
      if (await isWorkedOn(runDirectory(config, id))) continue;
      await sweepRun(config, id, status, logger);
      await writeRunFile(config, id, { ...file, closed: true });
    } catch (error) {
      logger.error({ run: id, error: String(error) }, "could not clean up after a run; trying again");
    }
  }
}

async function sweepRun(config: Config, id: string, status: string, logger: Logger): Promise<void> {
  const { leftovers, removed } = await cleanRun(runDirectory(config, id));
  logger.warn({ run: id, status, removed, leftovers }, "cleaned up after a run that ended without doing so");
  const file = recordFile(recordDirectory(config, id));
  const record = await readJson<RunRecord>(file).catch((error: unknown) => {
    if (describeFailure(error).type !== "STATE_DAMAGED") throw error;
    logger.error({ run: id, file }, "the record is no JSON any more: no report can be made of it");
  });
  if (!record) return;
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
