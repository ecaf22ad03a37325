import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import type { RunRecord, RunType, Scenario } from "../../src/report/record.ts";
import { check, now } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const announced: [RunType, Scenario][] = [
  ["exercise", "database"],
  ["exercise", "none"],
  ["restore", "database"],
  ["backup", "none"],
  ["audit", "none"],
];

describe("what ran is what was announced", () => {
  test.each(announced)("%s, scenario %s", async (type, scenario) => {
    const input = { plan: "both", by: "anna", reason: "test", scenario };
    await tryWorkflow(temporal, type, { input }, async (trial) => {
      const { type: end, record } = await trial.end();
      expect(end).toBe("PASS");
      const steps = outline(type, scenario, twoComponents().components);
      expect(record.steps.map(({ id, title, destroys }) => ({ id, title, destroys }))).toEqual(
        steps.map(({ id, title, destroys }) => ({ id, title, destroys })),
      );
      expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
      const activities = steps.map(({ id }) => id).filter((id) => !id.endsWith("/guards"));
      expect([...trial.fakes.calls].sort()).toEqual([...activities].sort());
      const phases = trial.fakes.calls.map((id) => id.split("/")[0]);
      expect(phases).toEqual([...phases].sort((a, b) => order.indexOf(a!) - order.indexOf(b!)));
    });
  });
  const order = ["preflight", "plant", "backup", "destroy", "restore", "verify", "report"];
});

describe("input of a run started by hand is checked", () => {
  test.each([
    ["no input", null, /not a JSON object/],
    ["a list", ["both"], /not a JSON object/],
    ["no plan", { by: "anna", reason: "x" }, /lacks "plan"/],
    ["a misspelt key", { plan: "both", by: "anna", reazon: "x" }, /unknown key "reazon"/],
    ["an unknown plan", { plan: "bothh", by: "anna", reason: "x" }, /there is no plan "bothh"/],
    ["an unknown scenario", { plan: "both", by: "anna", reason: "x", scenario: "castle" }, /unknown scenario "castle"/],
    ["an unknown component", { plan: "both", by: "anna", reason: "x", components: ["shopp"] }, /no component "shopp"/],
    [
      "a time for an exercise",
      { plan: "both", by: "anna", reason: "x", toTime: "2026-01-01T00:00:00Z" },
      /is for a restore/,
    ],
  ])("%s fails the run at once", async (_, input, message) => {
    await tryWorkflow(temporal, "exercise", { input }, async (trial) => {
      const failure = (await trial.handle.result().catch((error: unknown) => error)) as {
        cause: Error & { cause?: Error };
      };
      expect(`${failure.cause.message} ${failure.cause.cause?.message}`).toMatch(message);
      expect((await trial.handle.describe()).status.name).toBe("FAILED");
      expect(trial.fakes.calls).toEqual([]);
    });
  });

  test.each(["2026-01-01 00:00:00", "2026-02-31T00:00:00Z"])(
    "a restore wants a real time with its zone: %s",
    async (toTime) => {
      const input = { plan: "both", by: "a", reason: "x", toTime };
      await tryWorkflow(temporal, "restore", { input }, async (trial) => {
        const failure = (await trial.handle.result().catch((error: unknown) => error)) as { cause: Error };
        expect(failure.cause.message).toMatch(/not a time with a time zone/);
      });
    },
  );
});

describe("the RPO of a restore", () => {
  const old = new Date(Date.now() - 3 * 86_400_000).toISOString();
  const behaviours = Object.fromEntries(
    ["shop", "ledger"].map((name) => [
      `verify/${name}`,
      () => ({ checks: [check("data")], newestRecoveredAt: old, verifiedAt: now(), note: "" }),
    ]),
  );
  const restore = async (toTime: string | null) => {
    const input = { plan: "both", by: "a", reason: "the disk died", toTime };
    let end: { type: string; record: RunRecord } | undefined;
    await tryWorkflow(temporal, "restore", { input, behaviours }, async (trial) => void (end = await trial.end()));
    return end!;
  };

  test("is not judged by when somebody began to restore", async () => {
    const { type, record } = await restore(null);
    expect(type).toBe("PASS");
    expect(record).toMatchObject({ run: { toTime: null }, rpo: { objectiveSeconds: 900, seconds: null } });
  });

  test("is measured against the time that was asked for, which the record names", async () => {
    const toTime = new Date(Date.parse(old) + 60_000).toISOString();
    const { type, record } = await restore(toTime);
    expect(type).toBe("PASS");
    expect(Date.parse(record.run.toTime!)).toBe(Date.parse(toTime));
    expect(record.rpo.seconds).toBe(60);
  });
});

test("the memo of a workflow says how its run ended, without a worker", async () => {
  await tryWorkflow(temporal, "exercise", {}, async (trial) => {
    const { record } = await trial.end();
    const { memo } = await trial.handle.describe();
    const { plan, run, startedAt, endedAt, verdict, rto, rpo, status, summary } = record;
    const { type, scenario, by, reason } = run;
    const values = {
      type,
      scenario,
      components: ["shop", "ledger"],
      by,
      reason,
      startedAt,
      endedAt,
      verdict,
      status,
      summary,
    };
    expect(memo?.["digest"]).toEqual({ plan: plan.name, ...values, rtoSeconds: rto.seconds, rpoSeconds: rpo.seconds });
  });
});

test("only the named components take part", async () => {
  await tryWorkflow(
    temporal,
    "exercise",
    { input: { plan: "both", by: "a", reason: "x", components: ["shop"] } },
    async (trial) => {
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.components.map(({ name }) => name)).toEqual(["shop"]);
      expect(trial.fakes.calls.some((id) => id.includes("ledger"))).toBe(false);
    },
  );
});
