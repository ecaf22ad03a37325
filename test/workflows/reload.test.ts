import { ApplicationFailure } from "@temporalio/common";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PgDumpComponent } from "../../src/plan/schema.ts";
import { stepFailure } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

/** `retry --reload`: a mistake in the plan is mended in the middle of a run. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

/** The plan of the rig with other keys of one component. */
function changed(name: string, keys: object, ofPlan: object = {}) {
  const plan = twoComponents(ofPlan);
  plan.components = plan.components.map((one) => (one.name === name ? { ...one, ...keys } : one));
  return { plan, sha256: "cd" };
}

const failing = (times: number) => (call: number) => {
  if (call <= times) throw stepFailure("DISK_FULL", "no space left");
};
const reloading = (trial: Trial, step: string) => trial.decide(step, "retry", { reload: true });
const refusal = async (answer: Promise<unknown>) =>
  (
    (await answer.then(
      () => new Error("it was taken"),
      (error: unknown) => error,
    )) as { cause?: Error }
  ).cause?.message ?? "it was taken";

test("steps go on by the plan as it is now, and the record says what differed", async () => {
  const behaviours = { "backup/shop": failing(1) };
  await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    trial.fakes.file = changed("shop", { jobs: 7 }, { owner: { team: "platform" } });
    expect(await reloading(trial, "backup/shop")).toEqual({
      step: "backup/shop",
      action: "retry",
      reloaded: { sha256: "cd", changed: ["owner", "components.shop.jobs"] },
    });
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.plan.sha256).toBe("cd");
    const step = record.steps.find(({ id }) => id === "backup/shop")!;
    expect(step.decisions).toMatchObject([{ action: "retry", reloaded: { sha256: "cd" } }]);
    const { inputs, calls } = trial.fakes;
    expect(inputs["plant/shop"]).toMatchObject([{ component: { jobs: 2 }, run: { planSha256: "ab" } }]);
    expect(inputs["backup/shop"]).toMatchObject([{ component: { jobs: 2 } }, { component: { jobs: 7 } }]);
    expect(inputs["destroy/shop"]).toMatchObject([{ component: { jobs: 7 }, run: { planSha256: "cd" } }]);
    expect(inputs["destroy/ledger"]).toMatchObject([{ component: { name: "ledger" }, run: { planSha256: "cd" } }]);
    expect(calls.filter((id) => id === "preflight/shop")).toHaveLength(1);
  });
});

describe("what contradicts the run is refused with the difference, and the step goes on waiting", () => {
  const done = [
    ["of a component", changed("shop", { database: "shop2" }), "components.shop.database"],
    [
      "its connection",
      changed("shop", { connection: { ...(twoComponents().components[0] as PgDumpComponent).connection, port: 1 } }),
      "components.shop.connection.port",
    ],
    ["its objectives", changed("shop", { objectives: { rto: 1 } }), "components.shop.objectives"],
    ["the plan's objectives", changed("shop", {}, { objectives: { rto: "1h", rpo: "15m" } }), "objectives.rto"],
    ["the environment", changed("shop", {}, { environment: "production" }), "environment"],
    ["approvals", changed("shop", {}, { approvals: { destroy: 1 } }), "approvals"],
    [
      "a component less",
      { plan: { ...twoComponents(), components: twoComponents().components.slice(0, 1) }, sha256: "cd" },
      "components.ledger",
    ],
  ] as const;
  test.each(done)("%s", async (_, file, path) => {
    await tryWorkflow(temporal, "exercise", { behaviours: { "backup/shop": failing(1) } }, async (trial) => {
      await trial.until("backup/shop", "waiting");
      trial.fakes.file = file;
      expect(await refusal(reloading(trial, "backup/shop"))).toMatch(
        new RegExp(`differs from what this run has worked by so far: .*${path.replaceAll(".", "\\.")}`),
      );
      const record = await trial.record();
      expect(record.plan.sha256).toBe("ab");
      expect(record.steps.find(({ id }) => id === "backup/shop")).toMatchObject({ status: "waiting", decisions: [] });
    });
  });

  const approved = { approvals: { destroy: 1 } };
  const changes = [
    [changed("shop", { jobs: 7 }, approved), /whose destruction was approved: components\.shop\.jobs/],
    [changed("shop", {}, approved), /whose destruction was approved: its text, such as a comment/],
  ] as const;
  test.each(changes)("a change after an approval, until the destruction is over", async (file, words) => {
    const plan = twoComponents(approved);
    const behaviours = { "destroy/shop": failing(1), "restore/shop": failing(1) };
    await tryWorkflow(temporal, "exercise", { plan, behaviours }, async (trial) => {
      await trial.handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
      await trial.until("destroy/shop", "waiting");
      trial.fakes.file = file;
      expect(await refusal(reloading(trial, "destroy/shop"))).toMatch(words);
      expect((await trial.record()).plan.sha256).toBe("ab");
      await trial.decide("destroy/shop", "retry");
      await trial.until("restore/shop", "waiting");
      await reloading(trial, "restore/shop");
      expect((await trial.end()).type).toBe("PASS");
    });
  });

  test("a plan that is broken now", async () => {
    await tryWorkflow(temporal, "exercise", { behaviours: { "backup/shop": failing(1) } }, async (trial) => {
      await trial.until("backup/shop", "waiting");
      Object.defineProperty(trial.fakes, "file", {
        get: () => {
          throw ApplicationFailure.nonRetryable("both.yaml:3: unknown key", "PLAN_INVALID", { hint: "" });
        },
      });
      expect(await refusal(reloading(trial, "backup/shop"))).toMatch(/cannot be read again: both\.yaml:3: unknown key/);
    });
  });

  test.each(["skip", "abort"])("%s reloads nothing", async (action) => {
    await tryWorkflow(temporal, "exercise", { behaviours: { "verify/shop": failing(1) } }, async (trial) => {
      await trial.until("verify/shop", "waiting");
      expect(await refusal(trial.decide("verify/shop", action, { reload: true }))).toMatch(/"reload" goes with retry/);
    });
  });
});

test("what is read already may not change, although no step of it is done; nor may what a restore was approved for", async () => {
  const slow = {
    "preflight/shop": failing(1),
    "preflight/ledger": () => new Promise((done) => setTimeout(done, 3_000)),
  };
  await tryWorkflow(temporal, "exercise", { behaviours: slow }, async (trial) => {
    await trial.until("preflight/shop", "waiting");
    trial.fakes.file = changed("ledger", { data: "/elsewhere" });
    expect(await refusal(reloading(trial, "preflight/shop"))).toMatch(/so far: components\.ledger\.data/);
  });
  const approvals = { approvals: { destroy: 1 } };
  const behaviours = { "preflight/shop": failing(1) };
  await tryWorkflow(temporal, "restore", { behaviours, plan: twoComponents(approvals) }, async (trial) => {
    await trial.until("preflight/shop", "waiting");
    await trial.handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
    trial.fakes.file = changed("shop", { database: "other" }, approvals);
    expect(await refusal(reloading(trial, "preflight/shop"))).toMatch(/was approved: components\.shop\.database/);
  });
});

test("before any step of a component is done all of it may change but its objectives", async () => {
  const behaviours = { "preflight/shop": failing(1) };
  await tryWorkflow(temporal, "exercise", { behaviours }, async (trial) => {
    await trial.until("preflight/shop", "waiting");
    trial.fakes.file = changed("shop", { database: "shop2" });
    await reloading(trial, "preflight/shop");
    expect((await trial.end()).type).toBe("PASS");
    expect(trial.fakes.inputs["preflight/shop"]).toMatchObject([
      { component: { database: "shop" } },
      { component: { database: "shop2" } },
    ]);
    expect(trial.fakes.inputs["backup/shop"]).toMatchObject([{ component: { database: "shop2" } }]);
  });
});

test("by signal: one that is refused is shown, one that fits is taken", async () => {
  await tryWorkflow(temporal, "exercise", { behaviours: { "backup/shop": failing(1) } }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    const decision = { step: "backup/shop", action: "retry", by: "bert", reason: "x", reload: true };
    trial.fakes.file = changed("shop", { database: "other" });
    await trial.handle.signal("decide", decision);
    await expect.poll(async () => (await trial.record()).ignoredDecisions).toHaveLength(1);
    expect((await trial.record()).ignoredDecisions[0]!.why).toMatch(/components\.shop\.database/);
    trial.fakes.file = changed("shop", { jobs: 3 });
    await trial.handle.signal("decide", decision);
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.plan.sha256).toBe("cd");
  });
});

test("of two answers the one that comes first counts; the plan is then not taken into use", async () => {
  await tryWorkflow(temporal, "exercise", { behaviours: { "backup/shop": failing(1) } }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    let read = () => {};
    const reading = new Promise<void>((resolve) => (read = resolve));
    const file = changed("shop", { jobs: 3 });
    trial.fakes.activities.reloadPlan = () => Promise.resolve(file);
    Object.defineProperty(trial.fakes, "file", { value: reading.then(() => file) });
    const late = refusal(reloading(trial, "backup/shop"));
    await expect
      .poll(async () => (await trial.handle.describe()).raw.pendingActivities?.length ?? 0)
      .toBeGreaterThan(0);
    await trial.decide("backup/shop", "retry");
    read();
    expect(await late).toMatch(/is not waiting/);
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.plan.sha256).toBe("ab");
  });
});
