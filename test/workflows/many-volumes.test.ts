import { cancelled, heartbeat } from "@temporalio/activity";
import type { History } from "@temporalio/common/lib/proto-utils.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import type { RunType, Scenario } from "../../src/report/record.ts";
import { listed, stepFailure, volumesOf } from "../support/fake-activities.ts";
import { manyVolumes } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

/** Components that mean many volumes: each is drilled by itself, by child workflows, and the run decides. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const plan = manyVolumes();
const input = { plan: "both", by: "anna", reason: "test", scenario: "volume", components: ["homes"] };
const list = (count: number) => ({ "preflight/list/homes": () => listed("homes", count) });
/** Runs until it is cancelled, and says so. */
const endless = (ended: string[], name: string) => async () => {
  const beating = setInterval(() => heartbeat(), 50);
  await cancelled().finally(() => {
    clearInterval(beating);
    ended.push(name);
  });
};

/** The children of type volume that a history tells of: their IDs, how they ended, and the lengths of their own histories. */
async function childrenOf({ handle }: Pick<Trial, "handle">) {
  const { events }: History = await handle.fetchHistory();
  const ids = (events ?? []).flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: child }) =>
    child?.workflowType?.name === "volume" ? [child.workflowId!] : [],
  );
  const all = ids.map(async (id) => {
    const child = temporal.client.workflow.getHandle(id);
    const [{ status }, history] = await Promise.all([child.describe(), child.fetchHistory()]);
    return { id, status: status.name, events: history.events!.length };
  });
  return { events: events!.length, children: await Promise.all(all) };
}

async function untilCalled({ fakes }: Trial, step: string): Promise<void> {
  await expect.poll(() => fakes.calls.includes(step), { timeout: 30_000 }).toBe(true);
}

test("30 volumes: PASS, with at most 2,000 events of the run and 60 of a child", { timeout: 240_000 }, async () => {
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: list(30) }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.components.map(({ name, verdict }) => [name, verdict])).toEqual(
      volumesOf("homes", 30).map((name) => [name, "PASS"]),
    );
    expect(record.components[0]).toMatchObject({
      of: { component: "homes", claim: "data-1", workload: "deployment/app-1" },
      rto: { objectiveSeconds: 120 },
    });
    const { events, children } = await childrenOf(trial);
    expect(events).toBeLessThanOrEqual(2_000);
    expect(children).toHaveLength(60);
    for (const child of children) expect(child.events, child.id).toBeLessThanOrEqual(60);
    expect(trial.fakes.calls).toHaveLength(new Set(trial.fakes.calls).size);
  });
});

const inStretch = ["plant", "backup", "backup/proof", "restore/control", "restore", "verify"];
const announced: [RunType, Scenario][] = [
  ["exercise", "volume"],
  ["exercise", "none"],
  ["backup", "none"],
  ["audit", "none"],
];

test.each(announced)("%s, scenario %s: what ran is what was announced, for each volume", async (type, scenario) => {
  const request = { plan: "both", by: "anna", reason: "test", ...(type === "exercise" && { scenario }) };
  await tryWorkflow(temporal, type, { input: request, plan }, async (trial) => {
    const { type: end, record } = await trial.end();
    expect(end).toBe("PASS");
    expect(record.components.map(({ name }) => name)).toEqual([...volumesOf("homes", 3), "logs"]);
    const steps = outline(type, scenario, record.components);
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    const own = steps.map(({ id }) => id).filter((id) => !id.endsWith("/guards"));
    expect(trial.fakes.calls.toSorted()).toEqual(own.toSorted());
    // What a step gets is the same in a child as in the run; only the child says whose child it is.
    for (const { id } of steps.filter(({ component }) => component === "homes-data-1")) {
      const got = (of: string) => trial.fakes.inputs[of]![0] as Record<string, unknown>;
      const [ofMany, single] = [got(id), got(id.replace("homes-data-1", "logs"))];
      expect(Object.keys(ofMany).toSorted(), id).toEqual(Object.keys(single).toSorted());
      expect(ofMany, id).toMatchObject({
        access: plan.access,
        component: { name: "homes-data-1", namespace: "homes", claim: "data-1", workload: "deployment/app-1" },
      });
      expect(ofMany["component"]).not.toHaveProperty("selector");
      const own = { workflowId: record.run.workflowId, runId: record.run.runId };
      const isOfChild = inStretch.some((verb) => id === `${verb}/homes-data-1`) && type !== "audit";
      expect((ofMany["run"] as { execution?: object }).execution, id).toEqual(isOfChild ? own : undefined);
    }
    const { children } = await childrenOf(trial);
    expect(children).toHaveLength({ exercise: 6, backup: 3, audit: 0, restore: 3 }[type]);
  });
});

test("no more than the plan's `parallel` of them are worked on at the same time", async () => {
  let [now, most] = [0, 0];
  const restoring = async () => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    now -= 1;
  };
  const behaviours = {
    ...list(8),
    ...Object.fromEntries(volumesOf("homes", 8).map((name) => [`restore/${name}`, restoring])),
  };
  const six = manyVolumes({ components: [{ name: "homes", kind: "longhorn", namespace: "homes", parallel: 6 }] });
  await tryWorkflow(temporal, "exercise", { input, plan: six, behaviours }, async (trial) => {
    expect((await trial.end()).type).toBe("PASS");
  });
  expect(most).toBeGreaterThan(4);
  expect(most).toBeLessThanOrEqual(6);
});

test("one that fails waits for a person while the others go on; a retry begins where it was", async () => {
  const behaviours = {
    "restore/homes-data-2": (call: number) => {
      if (call === 1) throw stepFailure("RECOVERY_FAILED", "volume is faulted");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await trial.until("restore/homes-data-2", "waiting");
    await trial.until("verify/homes-data-3", "done");
    // They may share a workload, which then would begin without the second.
    expect(trial.fakes.calls).not.toContain("verify/place/homes-data-3");
    const waiting = await trial.record();
    expect(waiting.steps.find(({ id }) => id === "restore/homes-data-2")!.failures).toMatchObject([
      { type: "RECOVERY_FAILED", message: "volume is faulted", hint: "hint for RECOVERY_FAILED" },
    ]);
    await trial.decide("restore/homes-data-2", "retry");
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.steps.find(({ id }) => id === "restore/homes-data-2")).toMatchObject({
      status: "done",
      attempts: 2,
      decisions: [{ action: "retry", by: "bert" }],
    });
    const { calls, inputs } = trial.fakes;
    expect(calls.filter((id) => id === "restore/control/homes-data-2")).toHaveLength(1);
    const tries = inputs["restore/homes-data-2"] as { run: { tryNo: number } }[];
    expect(tries.map(({ run }) => run.tryNo)).toEqual([0, 1]);
    expect(inputs["verify/homes-data-2"]).toMatchObject([{ restored: { place: "scratch" }, run: { tryNo: 0 } }]);
  });
});

test("skipped: the rest of its steps go on, and nothing is proven of it", async () => {
  const behaviours = {
    "verify/homes-data-2": () => {
      throw stepFailure("CHECKS_FAILED", "data: different");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await trial.until("verify/homes-data-2", "waiting");
    await trial.decide("verify/homes-data-2", "skip");
    const { type, record } = await trial.end();
    expect(type).toBe("NOT_PROVEN");
    expect(record.components.map(({ verdict }) => verdict)).toEqual(["PASS", "INCONCLUSIVE", "PASS"]);
    expect(trial.fakes.inputs["verify/place/homes-data-2"]).toMatchObject([{ proven: false }]);
    expect(trial.fakes.inputs["verify/place/homes-data-1"]).toMatchObject([{ proven: true }]);
  });
});

test("given up: the work on the others is stopped, and the run cleans up", async () => {
  const stopped: string[] = [];
  const behaviours = {
    "backup/homes-data-1": endless(stopped, "homes-data-1"),
    "backup/homes-data-2": () => {
      throw stepFailure("NO_BACKUP", "no");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await untilCalled(trial, "backup/homes-data-1");
    await trial.until("backup/homes-data-2", "waiting");
    await trial.decide("backup/homes-data-2", "abort");
    const { type, record } = await trial.end();
    expect(type).toBe("ABORTED");
    expect(record.status).toBe("aborted");
    await expect.poll(() => stopped, { timeout: 10_000 }).toEqual(["homes-data-1"]);
    expect(trial.fakes.calls).toContain("report/cleanup");
    expect(trial.fakes.calls).not.toContain("backup/proof/homes-data-1");
    const { children } = await childrenOf(trial);
    expect(children.map(({ status }) => status).toSorted()).toEqual(["CANCELLED", "COMPLETED", "COMPLETED"]);
  });
});

test("cancelled: so are the children, and no step of theirs begins any more", async () => {
  const stopped: string[] = [];
  const names = volumesOf("homes", 3);
  const behaviours = Object.fromEntries(names.map((name) => [`restore/${name}`, endless(stopped, name)]));
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    for (const name of names) await untilCalled(trial, `restore/${name}`);
    await trial.handle.cancel();
    const { record } = await trial.end();
    expect(record.status).toBe("cancelled");
    await expect.poll(() => stopped.toSorted(), { timeout: 10_000 }).toEqual(names);
    expect(trial.fakes.calls.filter((id) => id.startsWith("verify/"))).toEqual([]);
    const { children } = await childrenOf(trial);
    expect(children.filter(({ status }) => status === "CANCELLED")).toHaveLength(3);
  });
});

test("terminated: the children do not go on alone", async () => {
  const stopped: string[] = [];
  const names = volumesOf("homes", 3);
  const behaviours = Object.fromEntries(names.map((name) => [`restore/${name}`, endless(stopped, name)]));
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    for (const name of names) await untilCalled(trial, `restore/${name}`);
    await trial.handle.terminate("by a person");
    await expect
      .poll(async () => (await childrenOf(trial)).children.filter(({ status }) => status === "TERMINATED").length, {
        timeout: 10_000,
      })
      .toBe(3);
    await expect.poll(() => stopped.toSorted(), { timeout: 10_000 }).toEqual(names);
  });
});
