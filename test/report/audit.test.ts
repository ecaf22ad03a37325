import { describe, expect, test } from "vitest";
import { guards } from "../../src/guard/index.ts";
import { outline } from "../../src/plan/outline.ts";
import { preventsRecovery } from "../../src/report/audit.ts";
import { newComponent, newRecord, runName } from "../../src/report/begin.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord, StepRecord } from "../../src/report/record.ts";
import { judge } from "../../src/report/verdict.ts";
import { newStep } from "../../src/workflows/journal.ts";
import { twoComponents } from "../support/plans.ts";
import { at } from "../support/records/parts.ts";

const plan = twoComponents();
const run = { workflowId: "audit-1", runId: "0123456789abcdef", scenario: "none", toTime: null } as const;

/** An audit that found all well, as its workflow would have written it. */
function audited(change: (record: RunRecord) => unknown = () => {}): RunRecord {
  const record = newRecord({ ...run, type: "audit", by: "anna", reason: "monthly" }, "both", at(0));
  record.directory = `/records/${runName(run)}`;
  record.steps = outline("audit", "none", plan.components).map((one, index) => ({
    ...newStep(one, null),
    status: "done",
    startedAt: at(10 * index),
    endedAt: at(10 * index + 5),
    attempts: 1,
    stretches: [{ kind: "ran", from: at(10 * index), to: at(10 * index + 5) }],
  }));
  record.components = plan.components.map((component) => ({
    ...newComponent(component, plan, "run"),
    backup: { id: `b-${component.name}`, completedAt: at(-60), bytes: 1, location: "/b", sha256: null },
    newestRecoveredAt: at(-100),
    provenAt: at(40),
  }));
  record.rpo.objectiveSeconds = 900;
  Object.assign(record, { status: "done", endedAt: at(100) });
  change(record);
  return { ...record, ...judge(record) };
}

const step = (record: RunRecord, id: string): StepRecord => record.steps.find((one) => one.id === id)!;
const paths = (record: RunRecord) => recheck(JSON.parse(JSON.stringify(record))).found.map(({ path }) => path);

function damaged(record: RunRecord): void {
  const failure = { type: "BACKUP_NOT_VERIFIED", message: "data/toc.dat has other content", hint: "Look.", at: at(35) };
  Object.assign(step(record, "backup/proof/shop"), { status: "aborted", failures: [failure], stretches: [] });
  Object.assign(record.components[0]!, { backup: null, newestRecoveredAt: null, provenAt: null });
}

function refused(record: RunRecord): void {
  record.refusals = [
    { guard: "allow-list", component: "shop", message: "not listed", hint: "List it." },
    { guard: "blast-radius", component: "ledger", message: "/repo would be lost", hint: "Move it." },
  ];
}

test("guards that prevent a recovery are guards, and some are not among them", () => {
  const names = Object.keys(guards);
  expect(names.filter((guard) => preventsRecovery({ guard }))).toEqual([
    "target-missing",
    "tablespaces",
    "gitops",
    "orphans",
    "images",
    "volumes",
    "volatile-data",
    "backup-target",
    "blast-radius",
    "archiving",
  ]);
});

test("all well: PASS, RPO is the age of the older backup when it had been read", () => {
  const record = audited();
  expect(record).toMatchObject({ verdict: "PASS", rto: { seconds: null }, rpo: { seconds: 145 }, diagnosis: [] });
  expect(paths(record)).toEqual([]);
});

test.each<[string, string, (record: RunRecord) => unknown]>([
  ["FAIL", "a backup that is damaged", damaged],
  ["FAIL", "a guard that prevents a recovery", refused],
  ["FAIL", "a backup too old", (r) => (r.components[0]!.newestRecoveredAt = at(-1_000))],
  ["INCONCLUSIVE", "nothing that proves the backup", (r) => (r.components[0]!.provenAt = null)],
  ["INCONCLUSIVE", "a backup from the future", (r) => (r.components[0]!.newestRecoveredAt = at(500))],
])("%s: %s, and the record agrees with itself", (verdict, _, change) => {
  const record = audited(change);
  expect(record.verdict).toBe(verdict);
  expect(record.diagnosis.length).toBeGreaterThan(0);
  expect(paths(record)).toEqual([]);
});

test.each<[string, (record: RunRecord) => unknown, string]>([
  [
    "a failed proof that is called done",
    (r) => (damaged(r), (step(r, "backup/proof/shop").status = "done")),
    "steps[backup/proof/shop].failures",
  ],
  [
    "a proof that did not run, without a cause",
    (r) => (step(r, "backup/proof/shop").status = "pending"),
    "steps[backup/proof/shop].status",
  ],
  ["guards that were not asked", (r) => (refused(r), (step(r, "preflight/guards").status = "pending")), "refusals"],
  [
    "a backup that no step has found",
    (r) => (damaged(r), (r.components[0]!.provenAt = at(40))),
    "components[shop].provenAt",
  ],
  ["a loss", (r) => (r.components[0]!.lostAt = at(1)), "components[shop].lostAt"],
  ["a refused run", (r) => (refused(r), (r.status = "refused")), "status"],
])("a record is found out: %s", (_, forge, path) => {
  expect(paths(audited(forge))).toContain(path);
});

test("a FAIL that was made a PASS is found out", () => {
  expect(paths({ ...audited(damaged), verdict: "PASS" })).toContain("verdict");
});

describe("reports", () => {
  const record = audited((one) => (damaged(one), refused(one)));
  test.each([
    ["Markdown", renderMarkdown(record)],
    ["HTML", renderHtml(record)],
  ])("in %s name findings, backups and refusals, and no check that nobody made", (_, text) => {
    for (const words of ["audit of", "data/toc.dat has other content", "b-ledger", "A drill would be refused"])
      expect(text).toContain(words);
    for (const words of ["Newest data in the backup", "not measured"]) expect(text).toContain(words);
    expect(text.toLowerCase()).not.toContain("no check has run");
    expect(text).not.toContain("Newest data recovered");
  });
});
