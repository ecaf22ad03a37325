import type { WorkflowHandle } from "@temporalio/client";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../../demo/child.ts";
import { workflowCode } from "../../src/workflow-code.ts";
import { type Figure, quantile } from "../figure.ts";
import type { Lab } from "../lab.ts";
import { memoryOf } from "../memory-of.ts";

const waitMs = 250;
const few = 10;
const many = 100;

/** Many drills at once whose steps only wait: what is left is Temporal, the worker and the workflows. */
export async function hundred(lab: Lab): Promise<Figure[]> {
  const { codePath } = (await workflowCode(join(lab.house.root, "state", "cache"))) as { codePath: string };
  const count = lab.quick ? few * 2 : many;
  const one = await crowd(lab, codePath, 1, count);
  const two = await crowd(lab, codePath, 2, count);
  const ms = (id: string, what: string, value: number): Figure => ({ id: `hundred.${id}`, what, value, unit: "ms" });
  const mib = (id: string, what: string, value: number): Figure => ({ id: `hundred.${id}`, what, value, unit: "MiB" });
  return [
    ...[one, two].flatMap(({ total, waits, alone, workers }) => {
      const on = `${count} drills at once on ${workers === 1 ? "one worker" : "two workers"}`;
      return [
        {
          id: `hundred.total.${workers}`,
          what: on,
          value: total,
          unit: "s" as const,
          note: `one drill alone: ${alone.toFixed(1)} s`,
        },
        ms(`p50.${workers}`, `${on}: a step is ready until it begins, half of the steps`, quantile(waits, 0.5)),
        ms(`p99.${workers}`, `${on}: the same, 99 of 100 steps`, quantile(waits, 0.99)),
      ];
    }),
    {
      id: "hundred.heaps",
      what: `What a worker keeps in its heaps after ${count} more drills, against after its first ${few}`,
      value: (one.after.heaps / one.before.heaps - 1) * 100,
      unit: "%",
      aim: { most: 10 },
      note: `${one.before.heaps.toFixed(0)} and ${one.after.heaps.toFixed(0)} MiB`,
    },
    mib("before", `Resident memory of a worker after its first ${few} drills`, one.before.rss),
    mib("during", `The same while ${count} more drills run, at most`, one.during),
    mib("after", "The same after them, garbage collected", one.after.rss),
  ];
}

async function crowd(lab: Lab, codePath: string, workers: number, count: number) {
  const queue = `crowd-${workers}`;
  const children: Child[] = [];
  for (let n = 0; n < workers; n += 1) {
    children.push(await lab.child("bench/waiting-worker.ts", [codePath, queue, String(waitMs)]));
  }
  const [first] = children as [Child];
  await runAll(lab, queue, few);
  const before = await settled(first);
  const alone = await secondsOf(() => runAll(lab, queue, 1));
  let during = 0;
  const watching = setInterval(() => {
    void memoryOf(first.pid).then(({ rss }) => (during = Math.max(during, rss)));
  }, 200);
  let handles: WorkflowHandle[] = [];
  const total = await secondsOf(async () => (handles = await runAll(lab, queue, count)));
  clearInterval(watching);
  const after = await settled(first);
  const waits: number[] = [];
  for (const handle of handles) waits.push(...(await readWaits(handle)));
  for (const child of children) await child.stop();
  return { workers, total, waits, before, after, during, alone };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}

let drills = 0;

/** Starts so many drills at once and waits for all of them. */
async function runAll(lab: Lab, taskQueue: string, count: number): Promise<WorkflowHandle[]> {
  const client = await lab.client();
  const args = [{ plan: "both", by: "bench", reason: "benchmark" }];
  const starts = Array.from({ length: count }, async () => {
    const workflowId = `crowd-${(drills += 1)}`;
    return await client.workflow.start("exercise", { taskQueue, workflowId, args });
  });
  const handles = await Promise.all(starts);
  await lab.house.wait(Promise.all(handles.map(async (handle) => await handle.result())));
  return handles;
}

/** Milliseconds from when each step was ready until a worker began with it. */
async function readWaits(handle: WorkflowHandle): Promise<number[]> {
  const events = (await handle.fetchHistory()).events ?? [];
  const at = ({ eventTime }: (typeof events)[number]) =>
    Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
  const scheduled = new Map(events.map((event) => [Number(event.eventId), at(event)]));
  return events.flatMap((event) => {
    const id = event.activityTaskStartedEventAttributes?.scheduledEventId;
    return id == null ? [] : [at(event) - (scheduled.get(Number(id)) ?? NaN)];
  });
}

/** Within it the worker lets go of workflows that are over; a second after them it may still hold dozens. */
const quietMs = 15_000;

/** MiB of a worker that has nothing to do. */
async function settled(child: Child): Promise<{ heaps: number; rss: number }> {
  await sleep(quietMs);
  return (await child.ask("memory")) as { heaps: number; rss: number };
}
