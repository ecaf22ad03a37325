import { describe, expect, test } from "vitest";
import { outline } from "../../src/plan/outline.ts";
import type {
  CheckRecord,
  ComponentRecord,
  RunRecord,
  StepFailure,
  StepRecord,
  StepStatus,
} from "../../src/report/record.ts";
import { newComponent, newRecord } from "../../src/report/begin.ts";
import { endedOutside } from "../../src/report/ended-outside.ts";
import { judge } from "../../src/report/verdict.ts";
import { newStep } from "../../src/workflows/journal.ts";
import { check } from "../support/fake-activities.ts";
import { twoComponents } from "../support/plans.ts";

const plan = twoComponents();
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
const proven = (name: string): CheckRecord => ({ ...check(name), negativeControl: { passed: false, found: "gone" } });

/** A drill that went well: lost at second 100, proven at second 160, newest heartbeat at second 95. */
function good(change: (record: RunRecord) => void = () => {}): RunRecord {
  const record = newRecord(
    { workflowId: "w", runId: "r", type: "exercise", scenario: "database", toTime: null, by: "anna", reason: "test" },
    "both",
    at(0),
  );
  record.status = "done";
  record.rto.objectiveSeconds = 300;
  record.rpo.objectiveSeconds = 900;
  record.steps = outline("exercise", "database", plan.components).map((step) => ({
    ...newStep(step, null),
    status: "done" as const,
  }));
  record.components = plan.components.map((component) => ({
    ...newComponent(component, plan, "run"),
    lostAt: at(100),
    provenAt: at(160),
    newestRecoveredAt: at(95),
    checks: [proven("sentinel"), proven("tables")],
  }));
  change(record);
  return { ...record, ...judge(record) };
}

const shop = (record: RunRecord): ComponentRecord => record.components[0]!;
const step = (record: RunRecord, id: string): StepRecord => record.steps.find((one) => one.id === id)!;

test("everything proven is PASS, with RTO from the loss to the last proof and RPO from the newest heartbeat", () => {
  expect(good()).toMatchObject({
    verdict: "PASS",
    score: { proven: 4, total: 4 },
    rto: { seconds: 60, machineSeconds: 60 },
    rpo: { seconds: 5 },
    diagnosis: [],
  });
});

describe("never PASS", () => {
  const cases: [string, "FAIL" | "INCONCLUSIVE", (record: RunRecord) => void][] = [
    ["a check failed", "FAIL", (r) => void (shop(r).checks[0]!.passed = false)],
    ["a check proved nothing", "INCONCLUSIVE", (r) => void (shop(r).checks[0]!.proven = false)],
    ["no check at all", "INCONCLUSIVE", (r) => void (shop(r).checks = [])],
    ["put back but never proven", "INCONCLUSIVE", (r) => void (shop(r).provenAt = null)],
    ["destroyed and not put back", "FAIL", (r) => void (step(r, "verify/place/shop").status = "cancelled")],
    ["RTO beyond the objective", "FAIL", (r) => void (r.rto.objectiveSeconds = 59)],
    ["RTO of a component beyond its own objective", "FAIL", (r) => void (shop(r).rto.objectiveSeconds = 59)],
    ["RPO beyond the objective", "FAIL", (r) => void (r.rpo.objectiveSeconds = 4)],
    ["a step was skipped", "INCONCLUSIVE", (r) => void (step(r, "restore/control/shop").status = "skipped")],
    ["a step of the run was skipped", "INCONCLUSIVE", (r) => void (step(r, "report/cleanup").status = "skipped")],
    ["given up", "FAIL", (r) => void (r.status = "aborted")],
    ["cancelled", "INCONCLUSIVE", (r) => void (r.status = "cancelled")],
    ["refused", "INCONCLUSIVE", (r) => void (r.status = "refused")],
    ["skipped by a schedule", "INCONCLUSIVE", (r) => void (r.status = "skipped")],
    ["ended by a defect", "FAIL", (r) => void (r.status = "failed")],
    ["a step that never ran", "INCONCLUSIVE", (r) => void (step(r, "verify/shop").status = "pending")],
    ["proven before it was lost", "INCONCLUSIVE", (r) => void (shop(r).provenAt = at(99))],
    ["data from after the loss", "INCONCLUSIVE", (r) => void (shop(r).newestRecoveredAt = at(3_700))],
    [
      "a clock that went back by an hour meanwhile",
      "INCONCLUSIVE",
      (r) => {
        Object.assign(step(r, "destroy/shop"), { startedAt: at(99), endedAt: at(101) });
        Object.assign(step(r, "verify/place/shop"), { startedAt: at(3_759), endedAt: at(3_761) });
      },
    ],
    ["no component", "INCONCLUSIVE", (r) => void (r.components = [])],
    [
      "an RPO objective, and nothing that says how new the data is",
      "INCONCLUSIVE",
      (r) => void (shop(r).newestRecoveredAt = null),
    ],
    [
      "the same, with an objective of the whole run alone",
      "INCONCLUSIVE",
      (r) => {
        shop(r).newestRecoveredAt = null;
        shop(r).rpo.objectiveSeconds = null;
      },
    ],
  ];
  test.each(cases)("%s", (_, verdict, change) => {
    expect(good(change).verdict).toBe(verdict);
  });
});

test("FAIL beats INCONCLUSIVE", () => {
  const record = good((r) => {
    shop(r).checks[0]!.passed = false;
    r.components[1]!.checks[0]!.proven = false;
  });
  expect(record).toMatchObject({ verdict: "FAIL", components: [{ verdict: "FAIL" }, { verdict: "INCONCLUSIVE" }] });
});

test("the RTO is split: people are counted once, and before the target's own waiting", () => {
  const record = good((r) => {
    step(r, "restore/shop").stretches = [{ kind: "waited", from: at(110), to: at(120) }];
    step(r, "restore/ledger").stretches = [{ kind: "waited", from: at(115), to: at(130) }];
    r.components[1]!.waits = [{ from: at(125), to: at(140) }];
  });
  expect(record.rto).toMatchObject({ seconds: 60, peopleSeconds: 20, waitingSeconds: 10, machineSeconds: 30 });
  expect(shop(record).rto).toMatchObject({ peopleSeconds: 10, waitingSeconds: 0, machineSeconds: 50 });
});

test("what a person waited for before the loss does not count", () => {
  expect(
    good((r) => void (step(r, "backup/shop").stretches = [{ kind: "waited", from: at(0), to: at(99) }])).rto
      .peopleSeconds,
  ).toBe(0);
});

test("the whole run has no RTO before every component is back", () => {
  expect(good((r) => void (r.components[1]!.provenAt = null)).rto.seconds).toBeNull();
});

test("a check that passed while the data was lost is named in the diagnosis", () => {
  const record = good((r) =>
    Object.assign(shop(r).checks[0]!, { proven: false, negativeControl: { passed: true, found: "still there" } }),
  );
  expect(record.diagnosis).toMatchObject([
    { object: "shop: sentinel", cause: expect.stringContaining("still there") as string },
  ]);
});

test("an objective that was missed is named in the diagnosis, of the run and of each component that has one", () => {
  const { diagnosis } = good((record) => {
    record.rto.objectiveSeconds = 45;
    shop(record).rpo.objectiveSeconds = 3;
  });
  expect(diagnosis.map(({ object, cause }) => `${object}: ${cause}`)).toEqual([
    "run: RTO: 60 s instead of 45 s at most: the objective was missed",
    "shop: RPO: 5 s instead of 3 s at most: the objective was missed",
  ]);
  expect(diagnosis.every(({ hint }) => hint !== "")).toBe(true);
});

test.each([
  [undefined, ["rebuild/shop"]],
  [[{ object: "Pod/web", cause: "image not found", hint: "Push it." }], ["Pod/web"]],
])("what did not come back is named by its causes, or else by the step that waited for it", (causes, objects) => {
  const { diagnosis } = good((record) => {
    const waited = { type: "NOT_RECOVERED", message: "no new cluster answers", hint: "Look." } as StepFailure;
    const rebuild = { ...step(record, "destroy/shop"), id: "rebuild/shop", failures: [waited] };
    record.status = "aborted";
    record.steps.push({ ...rebuild, status: "aborted" });
    Object.assign(shop(record), { causes });
  });
  const about = diagnosis.map(({ object }) => object).filter((object) => /^(rebuild|Pod)/.test(object));
  expect(about).toEqual(objects);
});

test("judging twice changes nothing", () => {
  const once = good();
  expect(judge(once)).toEqual({
    verdict: once.verdict,
    score: once.score,
    summary: once.summary,
    rto: once.rto,
    rpo: once.rpo,
    components: once.components,
    diagnosis: once.diagnosis,
  });
});

test("a clock that was set spoils the number that was measured by it, and no other", () => {
  const back = good((r) => void (shop(r).provenAt = at(99)));
  expect(back).toMatchObject({ rto: { seconds: null }, rpo: { seconds: 5 } });
  expect(shop(back)).toMatchObject({ rto: { seconds: null }, rpo: { seconds: 5 } });
  expect(back.diagnosis).toMatchObject([
    { object: "shop: RTO", cause: expect.stringContaining("clock was set") as string },
  ]);
  const forward = good((r) => void (shop(r).newestRecoveredAt = at(111)));
  expect(shop(forward)).toMatchObject({ rto: { seconds: 60 }, rpo: { seconds: null } });
});

test("clocks of two hosts may be some seconds apart", () => {
  const restore = good((r) => {
    Object.assign(r.run, { type: "restore" });
    for (const component of r.components) Object.assign(component, { lostAt: null, provenAt: at(150) });
    Object.assign(step(r, "verify/place/shop"), { startedAt: at(180), endedAt: at(190) });
  });
  expect(restore.diagnosis).toEqual([]);
  expect(shop(restore).rto.seconds).toBe(150);
});

test.each<[RunRecord["status"], boolean]>([
  ["aborted", true],
  ["cancelled", true],
  ["failed", true],
  ["refused", false],
  ["done", false],
])("a restore that is %s names how it goes on: %s", (status, named) => {
  const restore = good((r) => {
    Object.assign(r.run, { type: "restore" });
    Object.assign(r, { status });
    Object.assign(step(r, "restore/shop"), { startedAt: at(120), endedAt: at(130) });
    for (const component of r.components) Object.assign(component, { lostAt: null });
  });
  const hints = restore.diagnosis.map(({ hint }) => hint);
  expect(hints.some((hint) => hint.includes("firedrill resume w --reason"))).toBe(named);
});

test("a restore that was given up before it restored anything has nothing to go on with", () => {
  const { diagnosis } = good((r) => void Object.assign(r, { run: { ...r.run, type: "restore" }, status: "aborted" }));
  expect(JSON.stringify(diagnosis)).not.toContain("firedrill resume");
});

describe("a destruction that began and was not seen to end", () => {
  const failure = (type: string): StepFailure => ({ type, message: `${type} happened`, hint: "Do it.", at: at(99) });
  const backup = { id: "b1", completedAt: at(90), bytes: 1, location: "/dumps/b1", sha256: null };

  /** Ended while shop was being destroyed: `failures` of the step, `retries` of them answered, and nothing after it. */
  function stopped(status: StepStatus, failures: StepFailure[], retries = 0, more: Partial<StepRecord> = {}) {
    return (record: RunRecord) => {
      record.status = status === "aborted" ? "aborted" : "cancelled";
      record.plan.name = "both";
      Object.assign(shop(record), { backup, lostAt: null, provenAt: null, newestRecoveredAt: null, checks: [] });
      const from = record.steps.findIndex(({ id }) => id === "destroy/shop");
      for (const later of record.steps.slice(from + 1)) if (later.component === "shop") later.status = "pending";
      const retry = { action: "retry" as const, by: "bert", reason: "again", at: at(100) };
      const decisions = Array.from({ length: retries }, () => retry);
      Object.assign(step(record, "destroy/shop"), { status, startedAt: at(98), failures, decisions, ...more });
    };
  }

  const perhaps: [string, (record: RunRecord) => void][] = [
    ["cancelled while it ran", stopped("cancelled", [])],
    ["given up after the connection broke", stopped("aborted", [failure("SYSTEM_UNREACHABLE")])],
    ["given up after its state was damaged", stopped("aborted", [failure("STATE_DAMAGED")])],
    ["refused after a try that may have begun", stopped("aborted", [failure("TIMED_OUT"), failure("REFUSED")], 1)],
    ["tried again after a refusal, and cancelled meanwhile", stopped("cancelled", [failure("REFUSED")], 1)],
    [
      "refused after a worker had died in it",
      stopped("aborted", [failure("IDENTITY_CHANGED")], 0, {
        stretches: [
          { kind: "died", from: at(98), to: at(99) },
          { kind: "failed", from: at(99), to: at(100) },
        ],
      }),
    ],
  ];
  test.each(perhaps)("%s: FAIL, with the backup and the command that restores it", (_, change) => {
    const record = good(change);
    expect(record).toMatchObject({ verdict: "FAIL", components: [{ verdict: "FAIL" }, {}] });
    expect(record.summary).toMatch(/ May be destroyed: shop\.$/);
    const { cause, hint } = record.diagnosis.find(({ object }) => object === "shop")!;
    expect(cause).toBe("this run began to destroy it, and may have");
    expect(hint).toContain("Its backup is b1 in /dumps/b1. Run: firedrill restore both --component shop");
  });

  const untouched = ["REFUSED", "IDENTITY_CHANGED", "PLAN_CHANGED", "BACKUP_NOT_VERIFIED", "TARGET_GONE"];
  test.each([...untouched, "AUTHENTICATION_FAILED", "SECRET_MISSING"])(
    "%s comes before anything is touched",
    (type) => {
      for (const change of [
        stopped("cancelled", [failure(type)]),
        stopped("aborted", [failure("REFUSED"), failure(type)], 1),
      ]) {
        const record = good(change);
        expect(record.summary).not.toContain("destroyed:");
        expect(record.diagnosis.map(({ cause }) => cause)).not.toContain("this run began to destroy it, and may have");
      }
    },
  );

  test("a run that was terminated meanwhile says the same", () => {
    const open = good(stopped("running", []));
    Object.assign(open, { status: "running", endedAt: null });
    const swept = endedOutside(open, "TERMINATED", []);
    expect(swept.verdict).toBe("FAIL");
    expect(swept.summary).toMatch(/^Ended from outside \(terminated\).* May be destroyed: shop\.$/);
  });

  test("one that never started has touched nothing", () => {
    const record = good(stopped("pending", [], 0, { startedAt: null }));
    expect(record).toMatchObject({ verdict: "INCONCLUSIVE", summary: "Cancelled before everything was proven." });
  });
});

describe("an RPO that was not measured", () => {
  test("is named once, and the whole run has none either", () => {
    const record = good((r) => void (shop(r).newestRecoveredAt = null));
    expect(record).toMatchObject({
      rpo: { seconds: null },
      components: [{ verdict: "INCONCLUSIVE" }, { verdict: "PASS" }],
    });
    expect(record.diagnosis).toMatchObject([{ object: "shop: RPO", cause: expect.stringMatching(/^not measured/) }]);
    expect(record.summary).toContain("proven, but not everything could be measured");
  });

  test("matters to nobody without an objective", () => {
    const record = good((r) => {
      for (const one of [r, ...r.components]) one.rpo.objectiveSeconds = null;
      shop(r).newestRecoveredAt = null;
    });
    expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  });
});

describe("the RPO of a restore", () => {
  const restore = (toTime: string | null, newest: number | null) =>
    good((r) => {
      Object.assign(r.run, { type: "restore", toTime });
      r.steps = outline("restore", "database", plan.components).map((one) => ({
        ...newStep(one, null),
        status: "done",
      }));
      for (const one of r.components) one.lostAt = null;
      for (const one of r.components) one.newestRecoveredAt = newest === null ? null : at(newest);
    });

  test("is not judged without a time: nobody knows when the data was lost", () => {
    // Three days before the restore began.
    const record = restore(null, -3 * 86_400);
    expect(record).toMatchObject({ verdict: "PASS", rpo: { seconds: null }, rto: { seconds: 160 }, diagnosis: [] });
  });

  test("is measured from the newest data to the time that it was to restore to", () => {
    expect(restore(at(-3_600), -3_605)).toMatchObject({ verdict: "PASS", rpo: { seconds: 5 } });
    expect(restore(at(-3_600), -4_600)).toMatchObject({ verdict: "FAIL", rpo: { seconds: 1_000 } });
    expect(restore(at(-3_600), null)).toMatchObject({ verdict: "INCONCLUSIVE", rpo: { seconds: null } });
  });
});
