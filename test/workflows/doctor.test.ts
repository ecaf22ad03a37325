import { Worker } from "@temporalio/worker";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askWorkers } from "../../src/cli/doctor/workers.ts";
import type { Visit } from "../../src/workflows/doctor.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import "../support/workflow-rig.ts";

/** How workers are asked, with examinations that are faked: who answers, who does not, and what is made of it. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const well = (host: string, more: object = {}) => ({
  host,
  codeVersion: "0.1.0",
  startedAt: Date.now(),
  endedAt: Date.now(),
  findings: [],
  ...more,
});

interface Staff {
  taskQueue: string;
  /** As the server knows the worker of the runs. */
  identity?: string;
  /** Host queues that somebody asks for work, and what is found there. */
  hosts?: Record<string, (input: { plan: string | null }) => unknown>;
  /** The workflows' code. */
  workflowsPath?: string;
}

/** Runs workers as they are while something is asked. */
async function staffed<T>(
  { taskQueue, identity, hosts = {}, workflowsPath }: Staff,
  use: () => Promise<T>,
): Promise<T> {
  const { nativeConnection: connection, namespace, workflowBundle } = temporal;
  const code = workflowsPath === undefined ? { workflowBundle } : { workflowsPath };
  const sinks = { recorder: { save: { fn: () => {}, callDuringReplay: false } } };
  const workers = await Promise.all([
    Worker.create({ connection, namespace, taskQueue, sinks, ...code, ...(identity !== undefined && { identity }) }),
    ...Object.entries(hosts).map(([queue, examine]) =>
      Worker.create({
        connection,
        namespace,
        taskQueue: queue,
        activities: { examine: async (input: { plan: string | null }) => examine(input) },
      }),
    ),
  ]);
  const [first, ...rest] = workers;
  const running = rest.map((worker) => worker.run());
  try {
    return await first.runUntil(async () => {
      const { client } = temporal;
      // The server knows who polls only after it has asked.
      await expect
        .poll(async () => {
          const { pollers } = await client.workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: taskQueue },
          });
          return pollers?.length ?? 0;
        })
        .toBeGreaterThan(0);
      return await use();
    });
  } finally {
    for (const worker of rest) worker.shutdown();
    await Promise.all(running);
  }
}

const queues = () => {
  const taskQueue = `doctor-${randomUUID()}`;
  const host = `${taskQueue}@db1-1a2b`;
  return { taskQueue, host, identity: `1@${host}` };
};
const by = (findings: { name: string }[], name: string) => findings.filter((one) => one.name === name);

test("each worker looks at its own host; the history replays", async () => {
  const { taskQueue, host, identity } = queues();
  const other = `${taskQueue}@db2-3c4d`;
  const seen: unknown[] = [];
  const hosts = { [host]: (input: unknown) => (seen.push(input), well(host)), [other]: () => well(other) };
  await staffed({ taskQueue, identity, hosts }, async () => {
    const { findings, answered } = await askWorkers(temporal.client, taskQueue, "homelab");
    expect(answered).toBe(true);
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(by(findings, "version")).toMatchObject([{ host }]);
    expect(seen).toEqual([{ plan: "homelab" }]);

    const handle = await temporal.client.workflow.start("doctor", {
      taskQueue,
      workflowId: `doctor-${randomUUID()}`,
      args: [{ hosts: [host, other] }],
    });
    const visits = (await handle.result()) as Visit[];
    expect(visits.map((visit) => visit.examination?.host)).toEqual([host, other]);
    await Worker.runReplayHistory(
      { workflowBundle: temporal.workflowBundle },
      await handle.fetchHistory(),
      handle.workflowId,
    );
  });
});

test("another version and another clock are seen", async () => {
  const { taskQueue, host, identity } = queues();
  const hour = 3_600_000;
  const late = () => well(host, { codeVersion: "9.9.9", startedAt: Date.now() - hour, endedAt: Date.now() - hour });
  await staffed({ taskQueue, identity, hosts: { [host]: late } }, async () => {
    const { findings } = await askWorkers(temporal.client, taskQueue, null);
    expect(by(findings, "version")).toMatchObject([{ status: "warning" }]);
    expect(by(findings, "version")[0]).toHaveProperty("message", expect.stringContaining("9.9.9"));
    expect(by(findings, "clock")).toMatchObject([{ status: "failed", type: "NOT_PROVEN" }]);
    expect(by(findings, "clock")[0]).toHaveProperty("message", expect.stringMatching(/ (59m 59|1h).* behind/));
  });
});

test("a host whose worker is dead, a worker of an earlier version, and nobody: each is said within seconds", async () => {
  const { taskQueue, identity } = queues();
  const dead = await staffed({ taskQueue, identity }, () => askWorkers(temporal.client, taskQueue, null));
  expect(dead.answered).toBe(false);
  expect(by(dead.findings, "host")).toMatchObject([{ status: "failed", type: "SYSTEM_UNREACHABLE" }]);

  const old = queues().taskQueue;
  const stranger = await staffed({ taskQueue: old, identity: "77@db1" }, () => askWorkers(temporal.client, old, null));
  expect(stranger.answered).toBe(false);
  expect(by(stranger.findings, "77@db1")).toMatchObject([{ status: "failed", type: "UNSUPPORTED_VERSION" }]);

  const nobody = await askWorkers(temporal.client, queues().taskQueue, null);
  expect(nobody.answered).toBe(false);
  expect(nobody.findings).toMatchObject([{ name: "task queue", status: "failed", type: "SYSTEM_UNREACHABLE" }]);
});

test("a worker that does not know the question, and an input that says nothing", async () => {
  const { taskQueue, host, identity } = queues();
  const workflowsPath = new URL("../../src/workflows/lock.ts", import.meta.url).pathname;
  const unknown = await staffed({ taskQueue, identity, workflowsPath, hosts: { [host]: () => well(host) } }, () =>
    askWorkers(temporal.client, taskQueue, null),
  );
  expect(unknown.findings).toMatchObject([{ name: "task queue", status: "failed", type: "UNSUPPORTED_VERSION" }]);

  await staffed(queuesOf(taskQueue), async () => {
    const start = { taskQueue, workflowId: `doctor-${randomUUID()}` };
    const asked = temporal.client.workflow.execute("doctor", { ...start, args: [{ plan: 7 }] });
    await expect(asked).rejects.toMatchObject({ cause: { type: "REQUEST_INVALID" } });
  });
});

const queuesOf = (taskQueue: string) => ({ taskQueue });
