import { afterAll, beforeAll, expect, test } from "vitest";
import { stepFailure, volumesOf } from "../support/fake-activities.ts";
import { closedAfterLossOfVolumes } from "../support/closed-run.ts";
import { manyVolumes } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

/** Many volumes of one component, when something comes in between. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const plan = manyVolumes();
const input = { plan: "both", by: "anna", reason: "test", scenario: "volume", components: ["homes"] };
const ofVolume = ({ fakes }: Trial, name: string) =>
  fakes.calls.filter((id) => id.endsWith(`/${name}`)).map((id) => id.slice(0, -name.length - 1));

/** Stands still until it is let go. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: () => promise, open: resolve };
}

/** Whether the child that is still open has heard of the pause. */
async function isTold({ handle }: Trial): Promise<boolean> {
  const { raw } = await handle.describe();
  const id = raw.pendingChildren!.find(({ workflowId }) => workflowId!.includes("homes-data-1"))!.workflowId!;
  const { events } = await temporal.client.workflow.getHandle(id).fetchHistory();
  return events!.some(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === "hold");
}

test("resumed: the volumes are those of the run before; what was lost goes on, and the rest begins anew", async () => {
  const behaviours = Object.fromEntries(
    ["homes-data-1", "homes-data-2"].map((name) => [
      `preflight/resume/${name}`,
      () => ({ target: "gone", note: "gone" }),
    ]),
  );
  const resumed = closedAfterLossOfVolumes();
  const request = { ...input, resume: "closed-12345678" };
  await tryWorkflow(temporal, "exercise", { input: request, plan, behaviours, resumed }, async (trial) => {
    const { message, record } = await trial.end();
    expect(message).toMatch(/proven, but the RTO objective was missed/);
    const { calls, inputs } = trial.fakes;
    expect(calls).not.toContain("preflight/list/homes");
    expect(record.steps[0]).toMatchObject({ id: "preflight/list/homes", status: "done", carriedOver: true });
    expect(record.components.map(({ name }) => name)).toEqual(volumesOf("homes", 3));
    expect(ofVolume(trial, "homes-data-1")).toEqual([
      "preflight/resume",
      "restore/control",
      "restore",
      "verify",
      "verify/place",
      "report/retention",
    ]);
    expect(ofVolume(trial, "homes-data-3").slice(0, 3)).toEqual(["preflight/resume", "preflight", "plant"]);
    expect(inputs["restore/homes-data-1"]).toMatchObject([
      { backup: { id: "b0" }, run: { id: "closed-12345678", nonce: "old", tryNo: 2, execution: {} } },
    ]);
  });
});

test("the plan means something else by now: the run is not resumed", async () => {
  const other = manyVolumes();
  Object.assign(other.components[0]!, { namespace: "elsewhere" });
  const behaviours = { "preflight/resume/homes-data-1": () => ({ target: "gone", note: "gone" }) };
  const options = { input: { ...input, resume: "closed-12345678" }, plan: other, behaviours };
  await tryWorkflow(temporal, "exercise", { ...options, resumed: closedAfterLossOfVolumes() }, async (trial) => {
    const { type, message } = await trial.end();
    expect(type).toBe("REQUEST_INVALID");
    expect(message).toContain("components.homes.namespace");
  });
});

test("paused: a child ends after the step that it does, and the rest goes on when the run does", async () => {
  const held = gate();
  const behaviours = { "backup/homes-data-1": held.wait };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await expect.poll(() => trial.fakes.calls.includes("backup/homes-data-1"), { timeout: 20_000 }).toBe(true);
    await trial.handle.executeUpdate("pause", { args: [{ by: "bert", reason: "network" }] });
    await expect.poll(() => isTold(trial), { timeout: 20_000 }).toBe(true);
    held.open();
    await trial.until("backup/proof/homes-data-1", "paused");
    expect(trial.fakes.calls).not.toContain("backup/proof/homes-data-1");
    await trial.handle.executeUpdate("unpause", { args: [{ by: "bert", reason: "repaired" }] });
    const { type } = await trial.end();
    expect(type).toBe("PASS");
    expect(trial.fakes.inputs["backup/proof/homes-data-1"]).toMatchObject([{ backup: { id: "b1" } }]);
    expect(trial.fakes.calls).toHaveLength(new Set(trial.fakes.calls).size);
  });
});

test("a child that somebody terminates: the run asks a person, and a retry does its steps", async () => {
  const held = gate();
  const behaviours = {
    "restore/homes-data-2": async (call: number) => {
      if (call === 1) await held.wait();
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await expect.poll(() => trial.fakes.calls.includes("restore/homes-data-2"), { timeout: 20_000 }).toBe(true);
    const { raw } = await trial.handle.describe();
    const child = raw.pendingChildren!.find(({ workflowId }) => workflowId!.includes("homes-data-2"))!;
    expect(child.workflowId).toMatch(
      new RegExp(`^firedrill/volume/${trial.handle.workflowId}/[0-9a-f]{8}/restore/control/homes-data-2/0$`),
    );
    await temporal.client.workflow.getHandle(child.workflowId!).terminate("by mistake");
    const waiting = await trial.until("restore/control/homes-data-2", "waiting");
    held.open();
    const { failures } = waiting.steps.find(({ id }) => id === "restore/control/homes-data-2")!;
    expect(failures[0]!.message).toMatch(/^the child workflow that did .* was ended from outside/);
    await trial.decide("restore/control/homes-data-2", "retry");
    expect((await trial.end()).type).toBe("PASS");
  });
});

test("the plan is read again in the middle: each volume goes on by it", async () => {
  const behaviours = {
    "restore/homes-data-2": (call: number) => {
      if (call === 1) throw stepFailure("TIMED_OUT", "too slow");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await trial.until("restore/homes-data-2", "waiting");
    const changed = manyVolumes();
    Object.assign(changed.components[0]!, { within: 3_600_000 });
    trial.fakes.file = { plan: changed, sha256: "cd" };
    await trial.decide("restore/homes-data-2", "retry", { reload: true });
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.steps.flatMap(({ decisions }) => decisions)).toMatchObject([
      { reloaded: { changed: ["components.homes.within"] } },
    ]);
    expect(trial.fakes.inputs["restore/homes-data-2"]).toMatchObject([
      { component: { within: 1_800_000 } },
      { component: { within: 3_600_000, name: "homes-data-2", claim: "data-2", workload: "deployment/app-2" } },
    ]);
  });
});

test.each([
  [
    "one of its volumes is another component's",
    { name: "first", kind: "longhorn", namespace: "homes", claim: "data-1" },
    /homes-data-1 and first are both claim homes\/data-1/,
  ],
  [
    "another component has the name of one of its volumes",
    { name: "homes-data-2", kind: "longhorn", volume: "x" },
    /two components of this run would be called homes-data-2/,
  ],
])("refused, before anything is looked at: %s", async (_, other, words) => {
  const homes = { name: "homes", kind: "longhorn", namespace: "homes", selector: { tier: "home" } };
  const both = manyVolumes({ components: [homes, other] });
  const request = { plan: "both", by: "anna", reason: "test", scenario: "volume" };
  await tryWorkflow(temporal, "exercise", { input: request, plan: both }, async (trial) => {
    const { type, message } = await trial.end();
    expect(type).toBe("PLAN_INVALID");
    expect(message).toMatch(words);
    expect(trial.fakes.calls.filter((id) => id.startsWith("preflight/"))).toEqual(["preflight/list/homes"]);
  });
});

test("volumes that cannot be found: a person is asked, and may mend the selector", async () => {
  const behaviours = {
    "preflight/list/homes": (call: number) => {
      if (call === 1) throw stepFailure("TARGET_GONE", "there are no volumes of namespace homes with tier=home");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await trial.until("preflight/list/homes", "waiting");
    const mended = manyVolumes();
    Object.assign(mended.components[0]!, { selector: { tier: "homes" } });
    trial.fakes.file = { plan: mended, sha256: "cd" };
    await trial.decide("preflight/list/homes", "retry", { reload: true });
    expect((await trial.end()).type).toBe("PASS");
    expect(trial.fakes.inputs["preflight/list/homes"]![1]).toMatchObject({
      component: { selector: { tier: "homes" } },
    });
  });
});
