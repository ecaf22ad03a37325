import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import { check, facts, now, stepFailure } from "../support/fake-activities.ts";
import { twoNamespaces, twoWorkloads } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** The drill of workloads: its order, and how it ends when something of it does not go well. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const input = { plan: "both", by: "anna", reason: "test", scenario: "workload" };
const plan = twoWorkloads();
const calls = (name: string) => [
  `preflight/${name}`,
  `plant/${name}`,
  `backup/proof/${name}`,
  `destroy/${name}`,
  `rebuild/control/${name}`,
  `rebuild/${name}`,
  `verify/${name}`,
];

test("what ran is what was announced, each workload by itself from its destruction on", async () => {
  await tryWorkflow(temporal, "exercise", { input, plan }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    const steps = outline("exercise", "workload", plan.components);
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    for (const name of ["shop", "postgres"])
      expect(trial.fakes.calls.filter((id) => id.endsWith(`/${name}`))).toEqual(calls(name));
    expect(trial.fakes.inputs["destroy/shop"]).toMatchObject([
      { access: plan.access, inspection: { note: "looked at" }, proof: { backupId: "b1" } },
    ]);
    // It has nothing whose age could be measured.
    expect(record.rpo.seconds).toBeNull();
  });
});

test("people approve what is taken away, after it was proven and before it goes", async () => {
  const approved = twoWorkloads({ approvals: { destroy: 1 } });
  await tryWorkflow(temporal, "exercise", { input, plan: approved }, async (trial) => {
    await trial.until("approve/destroy", "waiting");
    expect(trial.fakes.calls.filter((id) => id.startsWith("destroy"))).toEqual([]);
    expect(trial.fakes.calls).toContain("backup/proof/postgres");
    await trial.handle.executeUpdate("approve", { args: [{ by: "bert", reason: "agreed" }] });
    expect((await trial.end()).type).toBe("PASS");
  });
});

test("an audit looks at them beside a namespace that they are in, plants nothing, and sees no two locks of one target", async () => {
  const both = {
    ...plan,
    components: [...twoNamespaces().components.slice(1), ...plan.components.slice(1)],
  };
  const locked = (name: string, kind: string, lock: string) => () => ({
    target: `${kind} ${name}`,
    note: "",
    facts: facts({ name, kind }, { lock }),
  });
  const behaviours = {
    "preflight/forum": locked("forum", "namespace", "kubernetes/1/shop"),
    "preflight/postgres": locked("postgres", "workload", "kubernetes/1/shop/statefulset/postgres"),
  };
  await tryWorkflow(temporal, "audit", { plan: both, behaviours }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.refusals).toEqual([]);
    expect(trial.fakes.calls).not.toContain("plant/postgres");
  });
});

describe("what a scenario is not for is refused at once, with the one that is", () => {
  test.each([
    ["database", plan, /"database" is not for shop \(workload\), postgres \(workload\)/],
    ["workload", twoNamespaces(), /"workload" is not for shop \(namespace\), forum \(namespace\)/],
  ] as const)("%s", async (scenario, of, message) => {
    await tryWorkflow(temporal, "exercise", { input: { ...input, scenario }, plan: of }, async (trial) => {
      const { type, message: said } = await trial.end();
      expect(type).toBe("REQUEST_INVALID");
      expect(said).toMatch(message);
      expect(trial.fakes.calls).toEqual([]);
    });
  });
});

test.each([
  ["unready", { workload: { trouble: "1 of 2 pods ready", volatile: [], drain: [] } }],
  ["volatile-data", { workload: { trouble: null, volatile: ["it is an emptyDir"], drain: [] } }],
  ["drain", { workload: { trouble: null, volatile: [], drain: [{ problem: "it is the only node", hint: "" }] } }],
])("guard %s refuses before a sentinel is planted", async (guard, of) => {
  const looked = () => ({ target: "shop", note: "", facts: facts({ name: "shop", kind: "workload" }, of) });
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "preflight/shop": looked } }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("REFUSED");
    expect(record.refusals).toMatchObject([{ guard, component: "shop" }]);
    expect(trial.fakes.calls.filter((id) => /^(plant|destroy)/.test(id))).toEqual([]);
    // What a run has made it removes again, however it ends.
    expect(trial.fakes.calls).toContain("report/cleanup");
  });
});

test("pods that do not come back, given up: FAIL, the root cause first, and the node is given back by the clean-up", async () => {
  const cause = { object: "Deployment/shop/shop", cause: "image a/b:1 does not exist in registry a", hint: "Push it." };
  const checks = [{ ...check("data", false), found: "0 ready" }];
  const verification = { checks, newestRecoveredAt: null, verifiedAt: now(), note: "", causes: [cause] };
  const notBack = () => {
    throw stepFailure("NOT_RECOVERED", `${cause.cause} (${cause.object})`, { verification });
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "rebuild/shop": notBack } }, async (trial) => {
    await trial.until("rebuild/shop", "waiting");
    await trial.decide("rebuild/shop", "abort");
    const { type, record } = await trial.end();
    expect(type).toBe("ABORTED");
    expect(record.verdict).toBe("FAIL");
    expect(record.summary).toMatch(/^Given up: image a\/b:1 does not exist.*Destroyed and not put back: shop/);
    expect(record.diagnosis[0]).toEqual(cause);
    expect(trial.fakes.calls.at(-2)).toBe("report/cleanup");
  });
});

test("a sentinel that could still be read while the pods were gone proves nothing", async () => {
  const control = () => ({ checks: [{ name: "data", passed: true, found: "there" }], lostAt: null, note: "" });
  const behaviours = { "rebuild/control/postgres": control };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    expect((await trial.end()).record.verdict).toBe("INCONCLUSIVE");
  });
});

test("a sentinel that is not there: FAIL, whatever else is back", async () => {
  const lost = () => {
    const checks = [{ ...check("data", false), found: "cat: can't open: No such file or directory" }];
    const verification = { checks, newestRecoveredAt: null, verifiedAt: now(), note: "" };
    throw stepFailure("CHECKS_FAILED", "Sentinel: no such file", { verification });
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "verify/postgres": lost } }, async (trial) => {
    await trial.until("verify/postgres", "waiting");
    await trial.decide("verify/postgres", "skip");
    const { record } = await trial.end();
    expect(record.verdict).toBe("FAIL");
    expect(record.summary).toMatch(/taken away, but not all of it is back/);
  });
});
