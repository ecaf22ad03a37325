import type { Client } from "@temporalio/client";
import { setTimeout as sleep } from "node:timers/promises";
import { closeRun } from "./activities/close-run.ts";
import { readRunFile, runDirectory, runIds } from "./activities/run-directory.ts";
import { closeTo, workedOn } from "./activities/turn.ts";
import type { Config } from "./config.ts";
import type { Logger } from "./logger.ts";
import { endOf } from "./temporal/ended.ts";

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

async function sweepOnce(config: Config, client: Client, logger: Logger): Promise<void> {
  for (const id of await runIds(config)) {
    const read = () =>
      readRunFile(config, id).catch((error: unknown) =>
        logger.error({ run: id, error: String(error) }, "cannot tell whose directory this is; look at it yourself"),
      );
    const file = await read();
    if (!file || file.closed) continue;
    // A server that does not know the run may be a new one: the run can be resumed from its record, so leave it alone.
    const status = await endOf(client, file.workflowId, file.runId);
    if (status === undefined) continue;
    // It may have cleaned up by itself since we looked.
    if ((await read())?.closed !== false) continue;
    try {
      // A step that has not heard of the end yet may still start something; it hears of it with its next heartbeat.
      await closeTo(runDirectory(config, id), file.runId);
      if ((await workedOn(runDirectory(config, id))) !== undefined) continue;
      const found = await closeRun(config, id, file, status);
      logger.warn({ run: id, status, ...found }, "cleaned up after a run that ended without doing so");
    } catch (error) {
      logger.error({ run: id, error: String(error) }, "could not clean up after a run; trying again");
    }
  }
}
