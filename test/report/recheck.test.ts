import { describe, expect, test } from "vitest";
import { endedOutside } from "../../src/report/ended-outside.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { CheckRecord, RunRecord, StepRecord } from "../../src/report/record.ts";
import { judge } from "../../src/report/verdict.ts";
import { samples } from "../support/records.ts";

/** As it is read from a file. */
const copy = (record: RunRecord) => JSON.parse(JSON.stringify(record)) as RunRecord;
const step = (record: RunRecord, id: string): StepRecord => record.steps.find((one) => one.id === id)!;
const check = (record: RunRecord, index: number): CheckRecord => record.components[0]!.checks[index]!;
const paths = (input: unknown) => recheck(input).found.map(({ path }) => path);
const minute = (iso: string, minutes: number) => new Date(Date.parse(iso) + minutes * 60_000).toISOString();

test.each(Object.entries(samples))("the record %s agrees with itself", (_, record) => {
  expect(recheck(copy(record)).found).toEqual([]);
});

test("a run that was ended from outside agrees with itself", () => {
  const swept = { ...endedOutside(copy(samples.running), "TERMINATED", []), endedAt: samples.passed.endedAt };
  expect(recheck(copy(swept)).found).toEqual([]);
});

/** The run that waits for approvals, as it goes on with the second one. */
function approved(): RunRecord {
  const record = copy(samples.approving);
  const at = minute(record.startedAt, 1);
  record.approvals!.given.push({ by: "carla", reason: "agreed", at });
  Object.assign(step(record, "approve/destroy"), { status: "done", endedAt: minute(record.startedAt, 2) });
  record.status = "running";
  return record;
}

test("a run that was approved agrees with itself", () => {
  expect(recheck(approved()).found).toEqual([]);
});

test("in production nothing is destroyed without approvals", () => {
  const record = copy(samples.passed);
  record.plan.environment = "production";
  expect(paths(record)).toEqual(["approvals"]);
});

const forgeries: [what: string, edit: (record: RunRecord) => unknown, path: string][] = [
  ["an approval is missing", (r) => r.approvals!.given.pop(), "approvals.given"],
  ["one is of who started it", (r) => (r.approvals!.given[1]!.by = "Anna"), "approvals.given[1].by"],
  ["one is of a stranger", (r) => (r.approvals!.given[1]!.by = "dora"), "approvals.given[1].by"],
  ["one counts twice", (r) => (r.approvals!.given[1]!.by = "bert"), "approvals.given[1].by"],
  [
    "one counts twice in another form of Unicode",
    (r) => (r.approvals!.given[1]!.by = "be\u200brt"),
    "approvals.given[1].by",
  ],
  ["they were too old", (r) => (r.approvals!.withinSeconds = 70), "approvals.given"],
  ["none were asked for", (r) => (r.approvals = null), "steps[approve/destroy]"],
];
test.each(forgeries)("of the approvals: %s", (_, edit, path) => {
  const record = approved();
  edit(record);
  expect(paths(record)).toContain(path);
});

test("a plan that was read again is the plan of the run, and for a retry alone", () => {
  const record = copy(samples.failed);
  const one = record.steps.find(({ decisions }) => decisions[0]?.action === "retry")!;
  one.decisions[0]!.reloaded = { sha256: record.plan.sha256, changed: ["components.shop.jobs"] };
  expect(recheck(copy(record)).found).toEqual([]);
  one.decisions[0]!.reloaded.sha256 = "0".repeat(64);
  expect(paths(copy(record))).toEqual(["plan.sha256"]);
});

test("a check by the name of a property that every object has is one that nobody knows", () => {
  const record = copy(samples.failed);
  Object.assign(check(record, 1), { name: "toString", found: "x" });
  expect(() => recheck(record)).not.toThrow();
});

type Edit = (record: RunRecord) => unknown;

/** What somebody may do to a report.json: the edit, the record, and a place that must be named. */
const edits: [what: string, of: keyof typeof samples, edit: Edit, path: string][] = [
  ["FAIL becomes PASS", "failed", (r) => (r.verdict = "PASS"), "verdict"],
  ["INCONCLUSIVE becomes PASS", "inconclusive", (r) => (r.verdict = "PASS"), "verdict"],
  ["the verdict is taken away", "failed", (r) => (r.verdict = null), "verdict"],
  ["a component becomes PASS", "failed", (r) => (r.components[0]!.verdict = "PASS"), "components[shop].verdict"],
  ["a check passes", "failed", (r) => (check(r, 1).passed = true), "components[shop].checks[tables].passed"],
  [
    "a check passes, and all that follows from it is computed anew",
    "failed",
    (r) => {
      check(r, 1).passed = true;
      Object.assign(r, judge(r));
    },
    "components[shop].checks[tables].passed",
  ],
  [
    "a check found something else",
    "passed",
    (r) => (check(r, 1).found = "2 rows"),
    "components[shop].checks[tables].passed",
  ],
  [
    "a check that proves nothing is proven",
    "inconclusive",
    (r) => (check(r, 4).proven = true),
    "components[shop].checks[read].proven",
  ],
  [
    "its negative control is taken away",
    "inconclusive",
    (r) => (check(r, 4).negativeControl = null),
    "components[shop].checks[read].negativeControl",
  ],
  ["a failed check is removed", "failed", (r) => r.components[0]!.checks.splice(1, 2), "score.total"],
  [
    "a check is removed, and the verdict computed anew",
    "inconclusive",
    (r) => {
      r.components[0]!.checks.splice(4);
      Object.assign(r, judge(r));
    },
    "components[shop].checks",
  ],
  [
    "a failed check is added",
    "passed",
    (r) => r.components[0]!.checks.push({ ...check(r, 0), name: "x", found: "?", passed: false }),
    "verdict",
  ],
  [
    "a step that was skipped is done",
    "failed",
    (r) => (step(r, "verify/shop").status = "done"),
    "steps[verify/shop].decisions",
  ],
  [
    "a step that was done is pending",
    "passed",
    (r) => (step(r, "backup/proof/shop").status = "pending"),
    "steps[backup/proof/shop].attempts",
  ],
  ["a step is removed", "passed", (r) => r.steps.splice(3, 1), "steps[plant/shop]"],
  [
    "a step destroys nothing",
    "passed",
    (r) => (step(r, "destroy/shop").destroys = false),
    "steps[destroy/shop].destroys",
  ],
  ["a failure is removed", "failed", (r) => step(r, "verify/shop").failures.pop(), "steps[verify/shop].failures"],
  [
    "a cause is reworded",
    "failed",
    (r) => (step(r, "verify/shop").failures[1]!.message = "nothing"),
    "diagnosis[0].cause",
  ],
  [
    "a decision is added",
    "passed",
    (r) =>
      step(r, "restore/shop").decisions.push({
        action: "retry",
        by: "x",
        reason: "y",
        at: step(r, "restore/shop").endedAt!,
      }),
    "steps[restore/shop].failures",
  ],
  ["a decision is removed", "failed", (r) => step(r, "verify/shop").decisions.shift(), "steps[verify/shop].failures"],
  [
    "another action was decided",
    "failed",
    (r) => (step(r, "verify/shop").decisions[1]!.action = "retry"),
    "steps[verify/shop].decisions",
  ],
  ["an exercise went back to a time", "passed", (r) => (r.run.toTime = r.startedAt), "run.toTime"],
  [
    "the loss was later",
    "passed",
    (r) => (r.components[0]!.lostAt = minute(r.components[0]!.lostAt!, 0.2)),
    "components[shop].rto.seconds",
  ],
  ["the RTO is shorter", "passed", (r) => (r.rto.seconds = 3), "rto.seconds"],
  [
    "people were faster",
    "failed",
    (r) => (r.components[1]!.rto.peopleSeconds = 1),
    "components[ledger].rto.peopleSeconds",
  ],
  [
    "the objective is wider",
    "failed",
    (r) => (r.components[1]!.rto.objectiveSeconds = 3_600),
    "components[ledger].verdict",
  ],
  ["the RPO is smaller", "passed", (r) => (r.rpo.seconds = 0), "rpo.seconds"],
  [
    "a step ended before it began",
    "passed",
    (r) => (step(r, "restore/shop").endedAt = minute(r.startedAt, -1)),
    "steps[restore/shop].endedAt",
  ],
  [
    "a step took less time than it ran",
    "passed",
    (r) => (step(r, "restore/shop").startedAt = step(r, "restore/shop").endedAt),
    "steps[restore/shop].stretches",
  ],
  [
    "a step began before the one that it needs",
    "passed",
    (r) => (step(r, "verify/shop").startedAt = minute(r.startedAt, 0.1)),
    "steps[verify/shop].startedAt",
  ],
  ["the run ended before its steps", "passed", (r) => (r.endedAt = r.startedAt), "endedAt"],
  ["the run goes on", "passed", (r) => (r.endedAt = null), "endedAt"],
  [
    "a waiting was shorter",
    "failed",
    (r) => (step(r, "verify/shop").stretches[1]!.to = step(r, "verify/shop").stretches[1]!.from),
    "steps[verify/shop].stretches[1].to",
  ],
  ["it was not refused", "refused", (r) => r.refusals.splice(0), "steps[preflight/guards].status"],
  ["a run that was refused is skipped", "refused", (r) => (r.status = "skipped"), "status"],
  ["a run that was skipped is refused", "skipped", (r) => (r.status = "refused"), "status"],
  ["a run that was skipped was a person's", "skipped", (r) => delete r.run.scheduled, "status"],
  ["a skipped run met what does not pass", "skipped", (r) => delete r.refusals[0]!.passes, "status"],
  ["a refused run is done", "refused", (r) => (r.status = "done"), "status"],
  ["a cancelled run is done", "cancelled", (r) => (r.status = "done"), "steps[restore/shop].status"],
  ["a run that passed was cancelled", "passed", (r) => (r.status = "cancelled"), "verdict"],
  [
    "a backup that was made is taken away",
    "passed",
    (r) => (r.components[0]!.backup = null),
    "components[shop].backup",
  ],
  ["it is another run's", "passed", (r) => (r.run.runId = "0199f3a2-5c1e-7d44-9a30-5a8f00000000"), "directory"],
  ["a component is removed", "failed", (r) => r.components.shift(), "steps[verify/shop]"],
  ["a diagnosis is removed", "failed", (r) => r.diagnosis.splice(0), "diagnosis[0]"],
  ["a reason to fail is hidden", "failed", (r) => (r.summary = "All is well."), "summary"],
  ["a key is missing", "passed", (r) => Reflect.deleteProperty(r, "score"), "score"],
  ["a time is none", "passed", (r) => (r.startedAt = "yesterday"), "startedAt"],
];

test.each(edits)("noticed: %s (%s)", (_, of, edit, path) => {
  const record = copy(samples[of]);
  edit(record);
  expect(
    paths(record).some((found) => found === path || found.startsWith(path)),
    paths(record).join("\n"),
  ).toBe(true);
});

test("a difference says what stands there and what should", () => {
  const record = copy(samples.failed);
  record.rto.seconds = 1;
  expect(recheck(record).found).toEqual([{ path: "rto.seconds", stands: 1, should: samples.failed.rto.seconds }]);
});

describe("what is no record", () => {
  test.each([[null], [1], ["x"], [[]], [{}], [{ version: 2 }], [[samples.passed]], [{ ...samples.passed, extra: 1 }]])(
    "%#: every place is named",
    (input) => {
      const { record, found } = recheck(input);
      expect(record).toBeNull();
      expect(found.length).toBeGreaterThan(0);
    },
  );
});
