import { cancelled, heartbeat } from "@temporalio/activity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import { check, facts, now, stepFailure } from "../support/fake-activities.ts";
import { twoComponents, twoNamespaces } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** The drill of namespaces: its order, and how it ends when something of it does not go well. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const input = { plan: "both", by: "anna", reason: "test", scenario: "namespace" };
const plan = twoNamespaces();

test("what ran is what was announced, each namespace by itself from its destruction on", async () => {
  await tryWorkflow(temporal, "exercise", { input, plan }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const steps = outline("exercise", "namespace", plan.components);
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    for (const name of ["shop", "forum"])
      expect(trial.fakes.calls.filter((id) => id.endsWith(`/${name}`))).toEqual([
        `preflight/${name}`,
        `backup/proof/${name}`,
        `destroy/${name}`,
        `rebuild/control/${name}`,
        `rebuild/${name}`,
        `verify/${name}`,
      ]);
    expect(trial.fakes.inputs["destroy/shop"]).toMatchObject([
      { access: plan.access, inspection: { note: "looked at" }, proof: { backupId: "b1" } },
    ]);
  });
});

test("an audit looks at namespaces and databases alike", async () => {
  const both = { ...plan, components: [...twoComponents().components.slice(0, 1), ...plan.components.slice(1)] };
  await tryWorkflow(temporal, "audit", { plan: both }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.steps.map(({ id }) => id)).toEqual(outline("audit", "none", both.components).map(({ id }) => id));
  });
});

describe("what a scenario is not for is refused at once", () => {
  test.each([
    ["a database scenario of namespaces", "exercise", "database", plan, /is not for shop \(namespace\), forum/],
    ["a namespace scenario of databases", "exercise", "namespace", twoComponents(), /is not for shop \(pgdump\)/],
    ["a restore of namespaces", "restore", undefined, plan, /^a restore is not for shop/],
    ["a backup of namespaces", "backup", undefined, plan, /^a backup is not for shop/],
  ] as const)("%s", async (_, type, scenario, of, message) => {
    const asked = { plan: "both", by: "anna", reason: "test", ...(scenario && { scenario }) };
    await tryWorkflow(temporal, type, { input: asked, plan: of }, async (trial) => {
      const { type: end, message: said } = await trial.end();
      expect(end).toBe("REQUEST_INVALID");
      expect(said).toMatch(message);
      expect(trial.fakes.calls).toEqual([]);
    });
  });
});

test("of a plan with both, each scenario takes its own", async () => {
  const both = { ...plan, components: [...twoComponents().components.slice(1), ...plan.components.slice(0, 1)] };
  await tryWorkflow(temporal, "exercise", { input, plan: both }, async (trial) => {
    const { record } = await trial.end();
    expect(record.components.map(({ name }) => name)).toEqual(["shop"]);
  });
});

const unlisted = {
  target: "namespace shop",
  note: "",
  facts: facts({ name: "shop", kind: "namespace" }, { listed: false }),
};

test("a guard refuses before anything is deleted", async () => {
  await tryWorkflow(
    temporal,
    "exercise",
    { input, plan, behaviours: { "preflight/shop": () => unlisted } },
    async (trial) => {
      const { type } = await trial.end();
      expect(type).toBe("REFUSED");
      expect(trial.fakes.calls.filter((id) => id.startsWith("destroy"))).toEqual([]);
    },
  );
});

const cause = {
  object: "Deployment/shop/web",
  cause: "image a/b:1 does not exist in registry a",
  hint: "Push it again.",
};
const missing = {
  checks: [{ ...check("data", false), found: "missing" }],
  newestRecoveredAt: null,
  verifiedAt: now(),
  note: "",
  causes: [cause],
};

describe("a namespace that does not come back", () => {
  const notBack = () => {
    throw stepFailure("NOT_RECOVERED", `${cause.cause} (${cause.object})`, { verification: missing });
  };

  test("given up: FAIL, the root cause first, and the table of what is missing", async () => {
    await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "rebuild/shop": notBack } }, async (trial) => {
      await trial.until("rebuild/shop", "waiting");
      await trial.decide("rebuild/shop", "abort");
      const { type, record } = await trial.end();
      expect(type).toBe("ABORTED");
      expect(record.verdict).toBe("FAIL");
      expect(record.summary).toMatch(/^Given up: image a\/b:1 does not exist in registry a/);
      expect(record.diagnosis[0]).toEqual(cause);
      expect(record.components[0]!.checks).toMatchObject([{ name: "data", passed: false, found: "missing" }]);
    });
  });

  test("mended and tried again: PASS", async () => {
    const once = (call: number) => (call === 1 ? notBack() : undefined);
    await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "rebuild/shop": once } }, async (trial) => {
      await trial.until("rebuild/shop", "waiting");
      await trial.decide("rebuild/shop", "retry");
      const { type, record } = await trial.end();
      expect(type).toBe("PASS");
      expect(record.diagnosis).toEqual([]);
    });
  });
});

test("a check that passed while the namespace was gone proves nothing", async () => {
  const control = () => ({ checks: [{ name: "data", passed: true, found: "answered" }], lostAt: null, note: "" });
  await tryWorkflow(
    temporal,
    "exercise",
    { input, plan, behaviours: { "rebuild/control/shop": control } },
    async (trial) => {
      const { record } = await trial.end();
      expect(record.verdict).toBe("INCONCLUSIVE");
    },
  );
});

test("cancelled in the middle of the rebuild: what is deleted is named", async () => {
  const endless = async () => {
    const beating = setInterval(() => heartbeat(), 50);
    await cancelled().finally(() => clearInterval(beating));
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "rebuild/shop": endless } }, async (trial) => {
    await trial.until("rebuild/shop", "running");
    await trial.handle.cancel();
    const { record } = await trial.end();
    expect(record.status).toBe("cancelled");
    expect(record.summary).toContain("Destroyed and not put back: shop");
  });
});
