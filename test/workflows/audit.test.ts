import { afterAll, beforeAll, expect, test } from "vitest";
import { facts, now, stepFailure } from "../support/fake-activities.ts";
import { manyVolumes, twoComponents, wholeCluster } from "../support/plans.ts";
import { connectTest, type TestTemporal } from "../support/temporal.ts";
import { type Trial, tryWorkflow } from "../support/workflow-rig.ts";

/** An audit with fake steps on a real server: what it makes of findings, and that it neither waits nor locks. */

let temporal: TestTemporal;
beforeAll(async () => (temporal = await connectTest()));
afterAll(() => temporal.close());

type Options = Parameters<typeof tryWorkflow>[2];
type Ended = Awaited<ReturnType<Trial["end"]>> & { calls: string[]; children: number };

async function audited(options: Options = {}): Promise<Ended> {
  let ended: Ended | undefined;
  await tryWorkflow(temporal, "audit", options, async (trial) => {
    const end = await trial.end();
    const { events } = await trial.handle.fetchHistory();
    const children = events!.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes).length;
    ended = { ...end, calls: trial.fakes.calls, children };
  });
  return ended!;
}

const looks = (more: Parameters<typeof facts>[1]) => () => ({
  target: "database shop",
  facts: facts({ name: "shop", kind: "pgdump" }, more),
  note: "",
});
const backup = { id: "b1", completedAt: now(), bytes: 1, location: "/b1", sha256: null };
const proves = (seconds: number, whole = true) => ({
  "backup/proof/shop": () => ({
    backupId: "b1",
    verifiedAt: now(),
    note: "complete",
    newest: { backup, takenAt: new Date(Date.now() - seconds * 1_000).toISOString(), whole },
  }),
});

test("all is well: PASS, RPO is the age of the older backup, RTO is not measured, and no lock is taken", async () => {
  const { type, record, children } = await audited({
    behaviours: { ...proves(120), "preflight/shop": looks({ lock: "postgres/1/shop" }) },
  });
  expect(type).toBe("PASS");
  expect(record).toMatchObject({
    verdict: "PASS",
    status: "done",
    rto: { seconds: null },
    diagnosis: [],
    refusals: [],
  });
  expect(record.rpo.seconds).toBeGreaterThanOrEqual(120);
  expect(record.rpo.seconds).toBeLessThan(300);
  expect(record.summary).toMatch(
    /^shop and ledger could be recovered now: .*at most 2 minutes of data would be lost\.$/,
  );
  expect(children).toBe(0);
});

test("a component that cannot be looked at fails, nobody is asked, and the others are looked at all the same", async () => {
  const behaviours = {
    "preflight/shop": () => {
      throw stepFailure("SYSTEM_UNREACHABLE", "no server answers");
    },
  };
  const { type, message, record, calls } = await audited({ behaviours });
  expect(type).toBe("DRILL_FAILED");
  expect(message).toContain("shop: no server answers");
  expect(record).toMatchObject({ status: "done", verdict: "FAIL", rpo: { seconds: null } });
  expect(record.components.map(({ verdict }) => verdict)).toEqual(["FAIL", "PASS"]);
  expect(record.diagnosis).toContainEqual(expect.objectContaining({ object: "preflight/shop" }));
  expect(calls).toContain("backup/proof/ledger");
  expect(calls).not.toContain("backup/proof/shop");
});

test("a backup that cannot be read is FAIL with its cause", async () => {
  const behaviours = {
    "backup/proof/shop": () => {
      throw stepFailure("BACKUP_NOT_VERIFIED", "the dump was altered");
    },
  };
  const { type, record } = await audited({ behaviours });
  expect(type).toBe("DRILL_FAILED");
  expect(record.summary).toContain("shop: the dump was altered");
  expect(record.components[0]).toMatchObject({ verdict: "FAIL", backup: null, provenAt: null });
});

test("a backup older than the objective is FAIL with its age; without an objective the age is only told", async () => {
  const late = await audited({ behaviours: proves(3 * 86_400) });
  expect(late.type).toBe("DRILL_FAILED");
  expect(late.message).toContain("its newest backup is 3 days old");
  expect(late.message).toContain("the RPO objective is 15 minutes");
  expect(late.record.diagnosis).toContainEqual(expect.objectContaining({ object: "shop: RPO" }));
  const free = await audited({ behaviours: proves(3 * 86_400), plan: twoComponents({ objectives: {} }) });
  expect(free.type).toBe("PASS");
  expect(free.record.rpo.seconds).toBeGreaterThan(3 * 86_400);
});

test("what looks whole but could not tell of damage, and a backup from the future, are INCONCLUSIVE", async () => {
  const plain = await audited({ behaviours: proves(1, false) });
  expect(plain.type).toBe("NOT_PROVEN");
  expect(plain.record.diagnosis).toContainEqual(expect.objectContaining({ object: "shop: backup", cause: "complete" }));
  const future = await audited({ behaviours: proves(-3_600) });
  expect(future.type).toBe("NOT_PROVEN");
  expect(future.record.diagnosis).toMatchObject([{ object: "shop: RPO" }]);
});

test.each([
  ["allow-list", { listed: false }, "PASS"],
  ["denied", { denied: "it is a template" }, "PASS"],
  ["identity", { identity: "" }, "PASS"],
  ["replica", { inRecovery: true }, "PASS"],
  ["space", { space: { path: "/", freeBytes: 1, neededBytes: 2 } }, "PASS"],
  ["target-missing", { exists: false }, "FAIL"],
  ["tablespaces", { tablespacesOutside: ["/fast"] }, "FAIL"],
  ["blast-radius", { insideTarget: ["/dumps"] }, "FAIL"],
  ["archiving", { archiving: false }, "FAIL"],
])("guard %s is told, and the run goes on", async (guard, more, verdict) => {
  const { record, calls } = await audited({ behaviours: { "preflight/shop": looks(more) } });
  expect(record).toMatchObject({ status: "done", verdict, refusals: [{ guard, component: "shop" }] });
  expect(record.diagnosis).toMatchObject([{ object: "shop", cause: record.refusals[0]!.message }]);
  expect(record.summary).toContain(`A drill would be refused by: ${guard}.`);
  expect(calls).toContain("backup/proof/shop");
});

const layer = (more: Parameters<typeof facts>[1]) => () => ({
  facts: facts({ name: "machines", kind: "tofu" }, more),
  states: [],
  note: "read",
});

test("a whole cluster is looked at with its layers and volumes, and GitOps is asked for Git; nothing is planned", async () => {
  const of = (name: string, kind: string, lock: string) => () => ({
    target: name,
    facts: facts({ name, kind }, { lock }),
    note: "",
  });
  const behaviours = {
    "preflight/homelab": of("homelab", "cluster", "kubernetes/1"),
    "preflight/data": of("data", "longhorn", "kubernetes/1/volumes/data"),
  };
  const { record, calls } = await audited({ plan: wholeCluster(), behaviours });
  expect(record).toMatchObject({ verdict: "PASS", refusals: [] });
  expect(calls.filter((id) => !id.startsWith("report/")).toSorted()).toEqual(
    [
      "preflight/data",
      "preflight/homelab",
      "preflight/layer/machines",
      "backup/proof/data",
      "backup/proof/homelab",
    ].toSorted(),
  );
  expect(record.steps.every(({ status }) => status === "done")).toBe(true);
});

test("a layer that may not be destroyed is told; a volume that may not be destroyed alone is not", async () => {
  const unlisted = () => ({
    target: "volume",
    facts: facts({ name: "data", kind: "longhorn" }, { listed: false }),
    note: "",
  });
  const behaviours = { "preflight/layer/machines": layer({ listed: false }), "preflight/data": unlisted };
  const { record } = await audited({ plan: wholeCluster(), behaviours });
  expect(record).toMatchObject({ verdict: "PASS", refusals: [{ guard: "allow-list", component: "machines" }] });
});

test("a layer whose state cannot be read fails the cluster, and the rest is looked at all the same", async () => {
  const behaviours = {
    "preflight/layer/machines": () => {
      throw stepFailure("PROGRAM_FAILED", "the backend does not answer");
    },
  };
  const { record, calls } = await audited({ plan: wholeCluster(), behaviours });
  expect(record).toMatchObject({ status: "done", verdict: "FAIL" });
  expect(record.summary).toContain("homelab: the backend does not answer");
  expect(calls).toContain("backup/proof/data");
});

test("production without approvals is told; a plan that asks for them is fine", async () => {
  const told = await audited({ plan: twoComponents({ environment: "production" }) });
  expect(told.record).toMatchObject({ verdict: "PASS", refusals: [{ guard: "production" }, { guard: "production" }] });
  const fine = await audited({ plan: twoComponents({ environment: "production", approvals: { destroy: 1 } }) });
  expect(fine.record).toMatchObject({ verdict: "PASS", refusals: [], approvals: null });
});

test("beside a run that has the target it tells of it, and that run keeps its lock", async () => {
  const locked = looks({ lock: `postgres/${Date.now()}/shop` });
  const input = { plan: "both", by: "bert", reason: "test", components: ["shop"] };
  const behaviours = {
    "preflight/shop": locked,
    "backup/shop": (call: number) => {
      if (call === 1) throw stepFailure("DISK_FULL", "no space left");
    },
  };
  await tryWorkflow(temporal, "backup", { input, behaviours }, async (trial) => {
    await trial.until("backup/shop", "waiting");
    const { record } = await audited({ behaviours: { "preflight/shop": locked } });
    expect(record).toMatchObject({ verdict: "PASS", refusals: [{ guard: "lock", component: "shop" }] });
    expect(record.refusals[0]!.message).toContain(`is being worked on by run ${trial.handle.workflowId}`);
    await trial.decide("backup/shop", "retry");
    expect((await trial.end()).type).toBe("PASS");
  });
});

test.each([
  [{ scenario: "database" }, 'an audit has no scenario "database"'],
  [{ toTime: "2026-01-01T00:00:00Z" }, "not for an audit"],
  [{ resume: "audit-1-12345678" }, "an audit is not resumed"],
])("%j is refused", async (more, message) => {
  const input = { plan: "both", by: "anna", reason: "x", ...more };
  await tryWorkflow(temporal, "audit", { input }, async ({ handle }) => {
    const failure = (await handle.result().catch((error: unknown) => error)) as { cause: Error };
    expect(failure.cause.message).toContain(message);
  });
});

test("volumes that cannot be found fail their component, and the rest is looked at all the same", async () => {
  const behaviours = {
    "preflight/list/homes": () => {
      throw stepFailure("TARGET_GONE", "there are no claims in namespace homes");
    },
  };
  const { record, calls } = await audited({ plan: manyVolumes(), behaviours });
  expect(record).toMatchObject({ status: "done", verdict: "FAIL" });
  expect(record.components.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["logs", "PASS"],
    ["homes", "FAIL"],
  ]);
  expect(calls).toContain("backup/proof/logs");
});
