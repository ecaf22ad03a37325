import { type NativeConnection, Worker, type WorkerOptions } from "@temporalio/worker";
import { join } from "node:path";
import { createActivities } from "./activities/index.ts";
import { hostQueue, workerIdentity } from "./activities/host-queue.ts";
import { assertWritable, exists } from "./activities/files.ts";
import { loadConfig } from "./config.ts";
import { trackInFlight, watchForDead } from "./in-flight.ts";
import { createLogger, installRuntime } from "./logger.ts";
import { serveMetrics } from "./metrics/server.ts";
import { createRecorder } from "./recorder.ts";
import { sweep } from "./sweeper.ts";
import { connectClient, connectWorker } from "./temporal/connect.ts";
import { workflowCode } from "./workflow-code.ts";

/** How every worker of ours behaves, whatever it works on. */
export const workerManners = {
  shutdownGraceTime: "2 seconds",
  shutdownForceTime: "20 seconds",
  // How long the server waits for this worker after its death before it gives its runs to another.
  stickyQueueScheduleToStartTimeout: "1 second",
  maxHeartbeatThrottleInterval: "2 seconds",
} satisfies Partial<WorkerOptions>;

/**
 * Runs a worker until SIGTERM or SIGINT: one for the shared task queue (workflows, reading plans) and one for the queue
 * of this host (steps). On shutdown, steps let go of their programs, which go on; the next worker adopts them.
 */
export async function runWorker(): Promise<void> {
  // Dumps, records and programs' own files hold data: none is for anybody else, whatever umask the service manager set.
  process.umask(0o077);
  stopWithParent();
  const config = loadConfig();
  // For the Node programs that steps start: compiled once, they start in half the time. Not in a directory of everybody's.
  process.env["NODE_COMPILE_CACHE"] ??= join(config.state, "cache");
  const logger = createLogger();
  await Promise.all([assertWritable(config.state), assertWritable(config.records)]);
  // The client first: once the SDK's runtime is installed it holds the signals and keeps a process that failed alive.
  const [{ client, close }, workflowBundle] = await Promise.all([
    connectClient(),
    workflowCode(join(config.state, "cache")),
  ]);
  const metrics = config.metrics && (await serveMetrics(config.metrics, config.records, logger));
  installRuntime(logger, ["SIGINT", "SIGTERM"], metrics?.sdkAddress);
  const { connection, address, namespace } = await connectWorker();
  const inFlight = await trackInFlight(config);
  const recorder = createRecorder(logger);
  const host = await hostQueue(config);
  const shared: Omit<WorkerOptions, "taskQueue"> = {
    ...workerManners,
    connection,
    namespace,
    identity: workerIdentity(host),
    activities: createActivities(config, client),
    interceptors: { activity: [inFlight.interceptor] },
    sinks: recorder.sinks,
  };
  const ending = new AbortController();
  const watches = [watchForDead, sweep].map((watch) => watch(config, client, logger, ending.signal));
  try {
    const workers = await Promise.all([
      Worker.create({ ...shared, workflowBundle, taskQueue: config.taskQueue }),
      Worker.create({ ...shared, taskQueue: host }),
    ]);
    logger.info(
      { address, namespace, taskQueue: config.taskQueue, plans: config.plans, mayDestroy: config.mayDestroy.length },
      "the worker is ready",
    );
    if (!(await exists(config.plans)))
      logger.warn({ plans: config.plans }, "the directory of plans does not exist: until it does, no run can begin");
    await Promise.all(workers.map((worker) => worker.run()));
    await inFlight.forget();
  } finally {
    ending.abort();
    await Promise.all(watches);
    await recorder.flush();
    metrics?.close();
    await closeAll(connection, close);
  }
}

/** A worker of `firedrill dev` has a channel to it. When that closes, dev was killed, and nobody else would stop the worker. */
function stopWithParent(): void {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}

async function closeAll(connection: NativeConnection, close: () => Promise<void>): Promise<void> {
  await Promise.all([connection.close(), close()]);
}

if (import.meta.main) await runWorker();
