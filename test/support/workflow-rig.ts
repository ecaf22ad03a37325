import type { WorkflowHandle } from "@temporalio/client";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claim } from "../../src/activities/locks/claim.ts";
import { notify } from "../../src/activities/notify/index.ts";
import type { Resumed } from "../../src/activities/resume.ts";
import type { Config } from "../../src/config.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import type { TestTemporal } from "./temporal.ts";
import { type Fakes, fakeActivities } from "./fake-activities.ts";
import { twoComponents } from "./plans.ts";

Runtime.install({
  logger: new DefaultLogger("ERROR"),
  telemetryOptions: { logging: { filter: { core: "ERROR", other: "ERROR" }, forward: {} } },
});

export interface Trial {
  fakes: Fakes;
  handle: WorkflowHandle;
  record(): Promise<RunRecord>;
  decide(step: string, action: string, more?: object): Promise<unknown>;
  /** Waits until a step has this status. */
  until(step: string, status: string): Promise<RunRecord>;
  /** How the workflow ended: its result, or type and message of its failure. */
  end(): Promise<{ type: string; message: string; record: RunRecord }>;
}

/** Runs one workflow with fake activities on the real server; replays its history when it has ended. */
export async function tryWorkflow(
  temporal: TestTemporal,
  type: RunType,
  options: {
    input?: unknown;
    behaviours?: Parameters<typeof fakeActivities>[2];
    plan?: ReturnType<typeof twoComponents>;
    workflowId?: string;
    /** What the run before has left. */
    resumed?: Resumed;
    /** State directory of the host, where ended runs may have left something. */
    state?: string;
  },
  use: (trial: Trial) => Promise<void>,
): Promise<void> {
  const { client, nativeConnection, namespace, workflowBundle } = temporal;
  const own = await mkdtemp(join(tmpdir(), "firedrill-rig-"));
  const config = { state: options.state ?? own } as Config;
  const taskQueue = `test-${randomUUID()}`;
  const fakes = fakeActivities(options.plan ?? twoComponents(), taskQueue, options.behaviours);
  fakes.resumed = options.resumed;
  const saved: RunRecord[] = [];
  const sinks = {
    recorder: { save: { fn: (_: unknown, record: RunRecord) => void saved.push(record), callDuringReplay: false } },
  };
  const worker = await Worker.create({
    connection: nativeConnection,
    namespace,
    taskQueue,
    workflowBundle,
    activities: {
      ...fakes.activities,
      claim: (wanted: Parameters<typeof claim>[2]) => claim(config, client, wanted),
      notify: (input: Parameters<typeof notify>[1]) => notify(config, input),
    },
    sinks,
    stickyQueueScheduleToStartTimeout: "1s",
    maxHeartbeatThrottleInterval: "100ms",
  });
  const input = "input" in options ? options.input : { plan: "both", by: "anna", reason: "test" };
  await worker.runUntil(async () => {
    const handle = await client.workflow.start(type, {
      taskQueue,
      workflowId: options.workflowId ?? `${type}-${randomUUID()}`,
      args: [input],
    });
    const trial = makeTrial(fakes, handle);
    try {
      await use(trial);
    } finally {
      if ((await handle.describe()).status.name === "RUNNING") await handle.terminate("the test is over");
    }
    for (const record of saved.slice(-1)) {
      const { found } = recheck(JSON.parse(JSON.stringify(record)));
      if (found.length > 0) throw new Error(`the record contradicts itself: ${JSON.stringify(found, null, 2)}`);
    }
    await Worker.runReplayHistory({ workflowBundle, sinks }, await handle.fetchHistory(), handle.workflowId);
  });
  await rm(own, { recursive: true });
}

function makeTrial(fakes: Fakes, handle: WorkflowHandle): Trial {
  const record = () => handle.query<RunRecord>("record");
  return {
    fakes,
    handle,
    record,
    decide: (step, action, more = {}) =>
      handle.executeUpdate("decide", { args: [{ step, action, by: "bert", reason: "because", ...more }] }),
    async until(step, status) {
      for (let round = 0; round < 300; round += 1) {
        const now = await record();
        if (now.steps.find(({ id }) => id === step)?.status === status) return now;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(
        `${step} did not become ${status}: ${JSON.stringify((await record()).steps.map(({ id, status: is }) => [id, is]))}`,
      );
    },
    async end() {
      try {
        await handle.result();
        return { type: "PASS", message: "", record: await record() };
      } catch (error) {
        const { cause } = error as { cause?: { type?: string; message: string; name: string } };
        return { type: cause?.type ?? cause?.name ?? "", message: cause?.message ?? "", record: await record() };
      }
    },
  };
}
