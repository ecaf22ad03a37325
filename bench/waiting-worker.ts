/**
 * A worker with the real workflows, whose steps only wait: `node waiting-worker.ts BUNDLE QUEUE MILLISECONDS`. Asked
 * "memory" it collects its garbage and answers with what is left.
 */
import { Worker } from "@temporalio/worker";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger, installRuntime } from "../src/logger.ts";
import { connectWorker } from "../src/temporal/connect.ts";
import { workerManners } from "../src/worker.ts";
import { fakeActivities } from "../test/support/fake-activities.ts";
import { twoComponents } from "../test/support/plans.ts";
import { heapsInUse } from "./heaps.ts";
import { memoryOf } from "./memory-of.ts";

const [, , codePath = "", taskQueue = "", wait = "0"] = process.argv;

installRuntime(createLogger(), ["SIGTERM"]);
const { connection, namespace } = await connectWorker();
const fakes = fakeActivities(twoComponents(), taskQueue);
const activities = Object.fromEntries(
  Object.entries(fakes.activities).map(([name, activity]) => [
    name,
    async (input: never) => {
      await sleep(Number(wait));
      const value = await activity(input);
      // The fakes keep all that they were asked, which is not what is measured here.
      fakes.calls.length = 0;
      fakes.inputs = {};
      return value;
    },
  ]),
);
const worker = await Worker.create({
  ...workerManners,
  connection,
  namespace,
  taskQueue,
  workflowBundle: { codePath },
  activities,
  sinks: { recorder: { save: { fn: () => undefined, callDuringReplay: false } } },
});
process.on("message", (question) => {
  if (question !== "memory") return;
  void heapsInUse().then(async (heaps) => process.send?.({ heaps, ...(await memoryOf(process.pid)) }));
});
process.once("SIGTERM", () => process.disconnect?.());
const running = worker.run();
process.stdout.write("the worker is ready\n");
await running;
await connection.close();
