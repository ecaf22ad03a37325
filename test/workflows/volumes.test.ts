import { afterAll, beforeAll, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import type { RunType, Scenario } from "../../src/report/record.ts";
import { stepFailure } from "../support/fake-activities.ts";
import { twoComponents, twoVolumes } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** Volumes go the way of all components with data, with the cluster's access in every step. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const plan = twoVolumes();
const announced: [RunType, Scenario][] = [
  ["exercise", "volume"],
  ["exercise", "none"],
  ["backup", "none"],
  ["audit", "none"],
];

test.each(announced)(
  "%s, scenario %s: what ran is what was announced, each step with the access",
  async (type, scenario) => {
    const input = { plan: "both", by: "anna", reason: "test", ...(type === "exercise" && { scenario }) };
    await tryWorkflow(temporal, type, { input, plan }, async (trial) => {
      const { type: end, record } = await trial.end();
      expect(end).toBe("PASS");
      const steps = outline(type, scenario, plan.components);
      expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
      expect(steps.some(({ destroys }) => destroys)).toBe(scenario === "volume");
      const ofComponents = Object.entries(trial.fakes.inputs).filter(([id]) => /\/(data|logs)$/.test(id));
      expect(ofComponents.length).toBeGreaterThan(3);
      for (const [id, [first]] of ofComponents) expect(first, id).toMatchObject({ access: plan.access });
    });
  },
);

test("a drill of databases leaves volumes alone, and the other way round; one beside the live takes all", async () => {
  const all = { ...plan, components: [...twoComponents().components, ...plan.components] };
  const chosen = async (scenario: Scenario) => {
    let names: string[] = [];
    const input = { plan: "both", by: "anna", reason: "test", scenario };
    await tryWorkflow(temporal, "exercise", { input, plan: all }, async (trial) => {
      names = (await trial.end()).record.components.map(({ name }) => name);
    });
    return names;
  };
  expect(await chosen("database")).toEqual(["shop", "ledger"]);
  expect(await chosen("volume")).toEqual(["data", "logs"]);
  expect(await chosen("none")).toEqual(["shop", "ledger", "data", "logs"]);
});

test("a volume that is lost and not put back is FAIL, with what brings it back", async () => {
  const input = { plan: "both", by: "anna", reason: "test", scenario: "volume", components: ["data"] };
  const behaviours = {
    "restore/data": () => {
      throw stepFailure("RECOVERY_FAILED", "volume shop-data is faulted");
    },
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    await trial.until("restore/data", "waiting");
    await trial.decide("restore/data", "abort");
    const { record } = await trial.end();
    expect(record).toMatchObject({ verdict: "FAIL", status: "aborted" });
    expect(record.diagnosis.map(({ cause }) => cause)).toContain("this run destroyed it and has not put it back");
  });
});
