import { afterAll, beforeAll, expect, test } from "vitest";
import type { Resumed } from "../../src/activities/resume.ts";
import type { BackupRecord } from "../../src/report/record.ts";
import { newComponent } from "../../src/report/begin.ts";
import { holderOf, withData } from "../../src/plan/namespace-data.ts";
import { outline } from "../../src/plan/outline.ts";
import { newStep } from "../../src/workflows/journal.ts";
import { closedAfterLoss } from "../support/closed-run.ts";
import { facts, stepFailure } from "../support/fake-activities.ts";
import { namespaceWithData } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { tryWorkflow } from "../support/workflow-rig.ts";

/** Namespaces with databases: in which order what is done to them, in a drill and after a real loss. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

const plan = namespaceWithData();
const input = { plan: "both", by: "anna", reason: "test", scenario: "namespace" };
const components = withData(plan.components.slice(0, 2), plan.components).map((one) => ({
  ...one,
  holder: holderOf(one, plan.components, "namespace"),
}));
const order = (calls: string[], ...names: string[]) =>
  calls.filter((id) => names.some((name) => id.endsWith(`/${name}`)));

test("a drill dumps the data before, and restores it before all of the namespace is waited for", async () => {
  await tryWorkflow(temporal, "exercise", { input, plan }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.components.map(({ name, holder }) => [name, holder])).toEqual([
      ["shop", undefined],
      ["shop-db", "shop"],
      ["forum", undefined],
    ]);
    const steps = outline("exercise", "namespace", components);
    expect(record.steps.map(({ id, status }) => [id, status])).toEqual(steps.map(({ id }) => [id, "done"]));
    expect(order(trial.fakes.calls, "shop", "shop-db")).toEqual([
      "preflight/shop",
      "preflight/shop-db",
      "plant/shop-db",
      "backup/shop-db",
      "backup/proof/shop-db",
      "backup/proof/shop",
      "destroy/shop",
      "rebuild/control/shop",
      "restore/control/shop-db",
      "rebuild/servers/shop",
      "restore/shop-db",
      "verify/shop-db",
      "verify/place/shop-db",
      "rebuild/shop",
      "verify/shop",
      "report/retention/shop-db",
    ]);
    const { inputs } = trial.fakes;
    expect(inputs["destroy/shop"]).toMatchObject([
      { data: [{ component: { name: "shop-db" }, proof: { backupId: "b1" } }] },
    ]);
    expect(inputs["destroy/forum"]).not.toMatchObject([{ data: expect.anything() as unknown }]);
    expect(inputs["restore/shop-db"]).toMatchObject([
      { holder: { name: "shop" }, access: plan.access, backup: { id: "b1" } },
    ]);
    expect(inputs["verify/place/shop-db"]).toMatchObject([{ proven: true }]);
  });
});

test("no dump of the data, no destruction", async () => {
  const unread = () => ({ backupId: "", verifiedAt: "", note: "" });
  const behaviours = { "backup/proof/shop-db": unread };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("REFUSED");
    expect(record.refusals).toMatchObject([{ guard: "verified-backup", component: "shop-db" }]);
    expect(trial.fakes.calls.filter((id) => id.startsWith("destroy"))).toEqual([]);
  });
});

test("data that is not restored is not put into place, nor is the namespace waited for: FAIL", async () => {
  const torn = () => {
    throw stepFailure("BACKUP_NOT_VERIFIED", "the dump is cut short");
  };
  await tryWorkflow(temporal, "exercise", { input, plan, behaviours: { "restore/shop-db": torn } }, async (trial) => {
    await trial.until("restore/shop-db", "waiting");
    await trial.decide("restore/shop-db", "abort");
    const { type, record } = await trial.end();
    expect(type).toBe("ABORTED");
    expect(record.verdict).toBe("FAIL");
    expect(record.summary).toContain("Destroyed and not put back: shop");
    expect(trial.fakes.calls).not.toContain("rebuild/shop");
  });
});

test("after a real loss: what must come back, the guards, the servers, the data, and all of it", async () => {
  await tryWorkflow(temporal, "restore", { input, plan }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("PASS");
    expect(record.steps.map(({ id }) => id)).toEqual(outline("restore", "namespace", components).map(({ id }) => id));
    expect(order(trial.fakes.calls, "shop", "shop-db")).toEqual([
      "preflight/shop",
      "preflight/shop-db",
      "restore/control/shop-db",
      "rebuild/servers/shop",
      "restore/shop-db",
      "verify/shop-db",
      "verify/place/shop-db",
      "rebuild/shop",
      "verify/shop",
    ]);
    expect(trial.fakes.inputs["restore/shop-db"]).toMatchObject([{ backup: null, toTime: null }]);
  });
});

test("a namespace that is whole is not restored", async () => {
  const whole = (name: string, kind: string) => () => ({
    target: name,
    note: "",
    facts: facts({ name, kind }, { exists: false, lost: false }),
  });
  const behaviours = {
    "preflight/shop": whole("shop", "namespace"),
    "preflight/forum": whole("forum", "namespace"),
    "preflight/shop-db": whole("shop-db", "pgdump"),
  };
  await tryWorkflow(temporal, "restore", { input, plan, behaviours }, async (trial) => {
    const { type, record } = await trial.end();
    expect(type).toBe("REFUSED");
    expect(record.refusals.map(({ guard, component }) => `${guard} ${component}`).toSorted()).toEqual([
      "nothing-lost forum",
      "nothing-lost shop",
    ]);
  });
});

test.each([
  ["exercise", { components: ["shop-db"] }, /is not for shop-db \(pgdump\)/],
  ["exercise", { components: ["shop", "mail"] }, /is not for mail \(pgdump\)/],
  ["restore", { components: ["mail"] }, /^a restore of scenario "namespace" is not for mail \(pgdump\)/],
] as const)("%s of %j is refused at once", async (type, more, message) => {
  await tryWorkflow(temporal, type, { input: { ...input, ...more }, plan }, async (trial) => {
    const end = await trial.end();
    expect(end.type).toBe("REQUEST_INVALID");
    expect(end.message).toMatch(message);
    expect(trial.fakes.calls).toEqual([]);
  });
});

/** What a run leaves that was closed when it had deleted the namespace. */
function closed(): Resumed {
  const { earlier, planSha256, directories, of } = closedAfterLoss();
  const of0 = components.filter(({ name }) => name !== "forum");
  const done = ["preflight", "plant", "backup", "destroy"];
  const at = "2026-11-21T03:00:01.000Z";
  const steps = outline("exercise", "namespace", of0).map((step) => {
    const stretches = step.component === null ? [] : [{ kind: "ran" as const, from: at, to: at }];
    const ran = { status: "done" as const, startedAt: at, endedAt: at, attempts: 1, stretches };
    return { ...newStep(step, null), ...(done.includes(step.phase) && ran) };
  });
  const results = (name: string) =>
    Object.fromEntries(Object.entries(of["shop"]!.results).map(([id, value]) => [id.replace(/shop$/, name), value]));
  const made = of["shop"]!.results["backup/shop"] as BackupRecord;
  return {
    earlier,
    planSha256,
    directories,
    plan,
    steps,
    components: of0.map((one) => ({
      ...newComponent(one, plan, directories[0]!, { holder: one.holder }),
      backup: one.kind === "pgdump" ? made : null,
    })),
    of: Object.fromEntries(of0.map(({ name }) => [name, { ...of["shop"]!, results: results(name), tries: {} }])),
  };
}

test("resumed after the loss: the dump of before is all that there is, and no other one is made", async () => {
  const gone = () => ({ target: "gone", note: "" });
  const behaviours = { "preflight/resume/shop": gone, "preflight/resume/shop-db": gone };
  const again = { ...input, components: ["shop", "shop-db"], resume: "closed-12345678" };
  await tryWorkflow(temporal, "exercise", { input: again, plan, behaviours, resumed: closed() }, async (trial) => {
    await trial.end();
    expect(order(trial.fakes.calls, "shop", "shop-db")).toEqual([
      "preflight/resume/shop-db",
      "preflight/resume/shop",
      "rebuild/control/shop",
      "restore/control/shop-db",
      "rebuild/servers/shop",
      "restore/shop-db",
      "verify/shop-db",
      "verify/place/shop-db",
      "rebuild/shop",
      "verify/shop",
      "report/retention/shop-db",
    ]);
    const { inputs } = trial.fakes;
    expect(inputs["preflight/resume/shop-db"]).toMatchObject([{ lost: true, placing: false, backup: "b0" }]);
    expect(inputs["restore/shop-db"]).toMatchObject([
      { backup: { id: "b0" }, run: { id: "closed-12345678", nonce: "old" } },
    ]);
  });
});
