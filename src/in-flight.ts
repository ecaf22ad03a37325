import { randomUUID } from "node:crypto";
import { ActivityNotFoundError, type Client } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exists, privateDirectory, readJson, writeAtomically } from "./activities/files.ts";
import { identify, isAlive, type ProcessIdentity } from "./activities/process-identity.ts";
import type { Config } from "./config.ts";
import { withoutStack } from "./failures.ts";
import type { Logger } from "./logger.ts";

/**
 * Which activities this process works on, on disk. A worker that starts reads what a dead one on this host left behind
 * and tells the server, which would otherwise wait for the heartbeat time-out before it tries again.
 */
interface InFlight {
  taskToken: string;
  activityId: string;
}

function directoryOf(config: Config): string {
  return join(config.state, "in-flight");
}

/** How long the server waits for a sign of life: `heartbeatTimeout` in workflows/activities.ts. */
const serverWaitsMs = 60_000;
const lookEveryMs = 1_000;

interface InFlightTracker {
  interceptor: ActivityInterceptorsFactory;
  /** Call it when the server was told of all of them: after an orderly end. */
  forget(): Promise<void>;
}

/** Keeps a file for each activity while the server may wait for it. */
export async function trackInFlight(config: Config): Promise<InFlightTracker> {
  const self = await identify(process.pid);
  // Not the number alone: in a container each worker is process 1, and the one before may be waited for.
  const directory = join(directoryOf(config), `${process.pid}-${randomUUID().slice(0, 8)}`);
  await mkdir(directory, { recursive: true, mode: privateDirectory });
  await writeAtomically(join(directory, "process.json"), JSON.stringify(self));
  let count = 0;
  const interceptor: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const path = join(directory, `${(count += 1)}.json`);
        await writeAtomically(
          path,
          JSON.stringify({
            taskToken: Buffer.from(info.taskToken).toString("base64"),
            activityId: info.activityId,
          } satisfies InFlight),
        );
        try {
          return await next(input);
        } finally {
          // The server is told only now, and the worker may die before that. A file that is too many does no harm: the
          // server refuses a token that it has the result of. One that cannot be removed goes with the process.
          setTimeout(() => void rm(path, { force: true }).catch(() => "it stays"), serverWaitsMs).unref();
        }
      },
    },
  });
  return { interceptor, forget: () => rm(directory, { recursive: true, force: true }) };
}

/** Looks for dead workers at once and then every second, until the signal: one may die while this one runs beside it. */
export async function watchForDead(config: Config, client: Client, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await reportDead(config, client, logger).catch((error: unknown) =>
      logger.warn({ error: String(error) }, "could not tell the server of a dead worker; trying again"),
    );
    await sleep(lookEveryMs, undefined, { signal }).catch(() => "the worker stops");
  }
}

/** Reports the activities of processes that are provably dead: same host, same state directory, process gone. */
async function reportDead(config: Config, client: Client, logger: Logger): Promise<void> {
  const root = directoryOf(config);
  await mkdir(root, { recursive: true, mode: privateDirectory });
  // One directory that cannot be read must not keep the others waiting.
  const reports = (await readdir(root)).map((name) => reportProcess(join(root, name), client, logger));
  const failed = (await Promise.allSettled(reports)).find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function reportProcess(directory: string, client: Client, logger: Logger): Promise<void> {
  const identity = await readJson<ProcessIdentity>(join(directory, "process.json"));
  if (identity === undefined || (await isAlive(identity))) return;
  // Another worker that starts at the same time may have reported it already.
  const files = (await exists(directory)) ? await readdir(directory) : [];
  const report = async (file: string) => {
    const task = await readJson<InFlight>(join(directory, file));
    if (task !== undefined) await reportOne(client, task, logger);
  };
  // Together: most of them may be known to the server, and the one that is not must not wait for them.
  await Promise.all(files.filter((one) => /^\d+\.json$/.test(one)).map(report));
  await rm(directory, { recursive: true, force: true });
}

async function reportOne(client: Client, { taskToken, activityId }: InFlight, logger: Logger): Promise<void> {
  // The pause between attempts grows; a worker that is there again is no reason to wait.
  const died = ApplicationFailure.create({ message: "the worker died", type: "WorkerDied", nextRetryDelay: "100ms" });
  try {
    await client.activity.fail(new Uint8Array(Buffer.from(taskToken, "base64")), withoutStack(died));
    logger.info({ activityId }, "told the server that the worker of this step died; it is tried again");
  } catch (error) {
    // A server that is away is told later: this throws then. Whatever a server that is there says is final.
    if (!(error instanceof ActivityNotFoundError))
      await client.workflowService.describeNamespace({ namespace: client.options.namespace });
    logger.info({ activityId, error: String(error) }, "the server does not wait for this step any more");
  }
}
