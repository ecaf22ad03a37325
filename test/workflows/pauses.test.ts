import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { viewLines } from "../../src/cli/view.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { renderDetails } from "../../src/workflows/details.ts";
import { stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const sceneOf = (record: RunRecord) => ({
  record,
  progress: new Map(),
  trouble: null,
  answering: null,
  now: 0,
  frame: 0,
});
const tell = ({ handle }: Trial, what: "pause" | "unpause", by = "bert") =>
  handle.executeUpdate(what, { args: [{ by, reason: "network is repaired" }] }).then(
    () => "",
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
const input = { plan: "both", by: "anna", reason: "test", components: ["shop"] };
const slow = { "backup/shop": () => sleep(1_000) };
const exercise = (behaviours: object, use: (trial: Trial) => Promise<void>, more = {}) =>
  tryWorkflow(temporal, "exercise", { input: { ...input, ...more }, behaviours: { ...behaviours } }, use);

test("a paused run ends the step that runs, begins no other, and goes on when it is told to", async () => {
  await exercise(slow, async (trial) => {
    await trial.until("backup/shop", "running");
    expect(await tell(trial, "unpause")).toContain("the run is not paused");
    expect(await tell(trial, "pause")).toBe("");
    expect(await tell(trial, "pause", "carla")).toContain("paused already, by bert since");
    const paused = await trial.until("backup/proof/shop", "paused");
    expect(paused.status).toBe("waiting");
    expect(paused.steps.find(({ id }) => id === "backup/shop")?.status).toBe("done");
    await sleep(1_000);
    expect(trial.fakes.calls).not.toContain("backup/proof/shop");
    expect(await tell(trial, "unpause", "carla")).toBe("");
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.pauses).toMatchObject([{ by: "bert", reason: "network is repaired", ended: { by: "carla" } }]);
    const [held, ran] = record.steps.find(({ id }) => id === "backup/proof/shop")!.stretches;
    expect([held?.kind, ran?.kind]).toEqual(["paused", "ran"]);
    expect(Date.parse(held!.to) - Date.parse(held!.from)).toBeGreaterThan(1_000);
  });
});

test("all components stop at their next step", async () => {
  const behaviours = { ...slow, "backup/ledger": () => sleep(1_500) };
  await exercise(
    behaviours,
    async (trial) => {
      await trial.until("backup/ledger", "running");
      await tell(trial, "pause");
      await trial.until("backup/proof/shop", "paused");
      const { status } = await trial.until("backup/proof/ledger", "paused");
      expect(status).toBe("waiting");
      await tell(trial, "unpause");
      expect((await trial.end()).type).toBe("PASS");
    },
    { components: ["shop", "ledger"] },
  );
});

test("a decision to retry is carried out when the run goes on", async () => {
  const behaviours = {
    "restore/shop": (call: number) => {
      if (call === 1) throw stepFailure("DISK_FULL", "no space left");
    },
  };
  await exercise(behaviours, async (trial) => {
    await trial.until("restore/shop", "waiting");
    await tell(trial, "pause");
    await trial.decide("restore/shop", "retry");
    await trial.until("restore/shop", "paused");
    expect(trial.fakes.calls.filter((id) => id === "restore/shop")).toHaveLength(1);
    await tell(trial, "unpause");
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.rto.peopleSeconds).toBeGreaterThan(0);
  });
});

test("no time for an answer runs out while the run is paused, and cleaning up is not held back", async () => {
  const plan = twoComponents({ decisions: { within: "2s" } });
  const failsOnce = (call: number) => {
    if (call === 1) throw stepFailure("DISK_FULL", "no space left");
  };
  const behaviours = { "backup/shop": failsOnce, "report/retention/shop": () => sleep(1_500) };
  await tryWorkflow(temporal, "exercise", { input, behaviours, plan }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    await tell(trial, "pause");
    await sleep(3_500);
    expect((await trial.until("backup/shop", "waiting")).status).toBe("waiting");
    await trial.decide("backup/shop", "retry");
    await tell(trial, "unpause");
    await trial.until("report/retention/shop", "running");
    await tell(trial, "pause");
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(trial.fakes.calls.slice(-2)).toEqual(["report/cleanup", "report/files"]);
    expect(renderDetails(record, "x")).not.toMatch(/paused by/i);
    expect(viewLines(sceneOf(record), { columns: 80, rows: 40 }).join("\n")).not.toMatch(/paused by/);
  });
});

test("while a run is paused it does not ask for approvals", async () => {
  const plan = twoComponents({ approvals: { destroy: 1, within: "2s" } });
  const behaviours = { "backup/proof/shop": () => sleep(1_000) };
  await tryWorkflow(temporal, "exercise", { input, behaviours, plan }, async (trial) => {
    await trial.until("backup/proof/shop", "running");
    await tell(trial, "pause");
    await trial.until("approve/destroy", "paused");
    await sleep(3_000);
    await tell(trial, "unpause");
    await trial.until("approve/destroy", "waiting");
    await trial.handle.executeUpdate("approve", { args: [{ by: "carla", reason: "agreed" }] });
    expect((await trial.end()).type).toBe("PASS");
  });
});

test("a paused run can be given up, and cleans up", async () => {
  await exercise(slow, async (trial) => {
    await trial.until("backup/shop", "running");
    await tell(trial, "pause");
    await trial.until("backup/proof/shop", "paused");
    await expect(trial.decide("backup/proof/shop", "retry")).rejects.toThrow();
    await trial.decide("backup/proof/shop", "abort");
    const { type, message } = await trial.end();
    expect(type).toBe("ABORTED");
    expect(message).toBe("bert gave up at backup/proof/shop, where the run was paused: because");
    expect(trial.fakes.calls).toContain("report/cleanup");
    expect(trial.fakes.calls).not.toContain("backup/proof/shop");
  });
});

test("a paused run can be cancelled, and cleans up", async () => {
  await exercise(slow, async (trial) => {
    await trial.until("backup/shop", "running");
    await tell(trial, "pause");
    await trial.until("backup/proof/shop", "paused");
    await trial.handle.cancel();
    expect((await trial.end()).type).toBe("CancelledFailure");
    expect(trial.fakes.calls).toContain("report/cleanup");
  });
});

test("signals do the same; one that does not fit is told of", async () => {
  await exercise(slow, async (trial) => {
    await trial.until("backup/shop", "running");
    await trial.handle.signal("unpause", { by: "bert", reason: "too early" });
    await trial.handle.signal("pause", { by: "bert" });
    await trial.handle.signal("pause", { by: "bert", reason: "network" });
    await trial.until("backup/proof/shop", "paused");
    await trial.handle.signal("unpause", { by: "bert", reason: "repaired" });
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.ignoredDecisions.map(({ why }) => why)).toEqual([
      "the run is not paused",
      'the pause lacks "reason"',
    ]);
  });
});
