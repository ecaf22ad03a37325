import { expect, test } from "vitest";
import { measure } from "../../src/metrics/measured.ts";
import { registryOf } from "../../src/metrics/registry.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { samples } from "../support/records.ts";

const page = (records: RunRecord[], unreadable = 0) => registryOf(records.map(measure), unreadable).metrics();

/** Values of a metric by its labels, as the page writes them. */
async function values(records: RunRecord[], name: string): Promise<Record<string, number>> {
  const lines = (await page(records)).split("\n").filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

const { passed, failed, refused, running, skipped } = samples;
const drill = '{plan="homelab",type="exercise",scenario="database"}';
const labelled = (label: string) => drill.replace("}", `,${label}}`);
const later = (record: RunRecord): RunRecord => ({ ...record, endedAt: "2027-01-01T00:00:00.500Z" });

test("last run, last success and verdict, whatever the order of the records", async () => {
  const success = Date.parse(passed.endedAt!) / 1_000;
  for (const records of [
    [passed, later(failed)],
    [later(failed), passed],
  ]) {
    expect(await values(records, "firedrill_last_run_timestamp_seconds")).toEqual({ [drill]: 1_798_761_600.5 });
    expect(await values(records, "firedrill_last_success_timestamp_seconds")).toEqual({ [drill]: success });
    expect(await values(records, "firedrill_last_run_verdict")).toEqual({
      [labelled('verdict="PASS"')]: 0,
      [labelled('verdict="FAIL"')]: 1,
      [labelled('verdict="INCONCLUSIVE"')]: 0,
    });
  }
});

test("a run that was skipped leaves all as the one before has found it", async () => {
  expect(await page([failed, later(skipped)])).toBe(await page([failed]));
});

test("each plan, type and scenario for itself; one that never passed has its last success at 0", async () => {
  const backup: RunRecord = { ...failed, run: { ...failed.run, type: "backup" } };
  const found = await values([passed, backup], "firedrill_last_success_timestamp_seconds");
  expect(found[drill.replace("exercise", "backup")]).toBe(0);
  expect(found[drill]).toBeGreaterThan(0);
});

test("RTO and RPO of the run and of each component, with their objectives; what was not measured is missing", async () => {
  expect(await values([passed], "firedrill_rto_seconds")).toEqual({ [drill]: passed.rto.seconds });
  expect(await values([passed], "firedrill_rpo_seconds")).toEqual({ [drill]: passed.rpo.seconds });
  expect(await values([passed], "firedrill_rpo_objective_seconds")).toEqual({ [drill]: passed.rpo.objectiveSeconds });
  const ofComponents = (pick: (component: RunRecord["components"][number]) => number | null) =>
    Object.fromEntries(passed.components.map((one) => [labelled(`component="${one.name}"`), pick(one)]));
  const component = (name: string) => values([passed], `firedrill_component_${name}_seconds`);
  expect(await component("rto")).toEqual(ofComponents(({ rto }) => rto.seconds));
  expect(await component("rto_objective")).toEqual(ofComponents(({ rto }) => rto.objectiveSeconds));
  expect(await component("rpo")).toEqual(ofComponents(({ rpo }) => rpo.seconds));
  expect(await component("rpo_objective")).toEqual(ofComponents(({ rpo }) => rpo.objectiveSeconds));
  expect(await values([passed, later(refused)], "firedrill_rto_seconds")).toEqual({});
});

test("a phase lasts from its first step to the end of its last one, without what an earlier run has done", async () => {
  const at = (second: number) => `2026-11-21T03:00:${String(second).padStart(2, "0")}.000Z`;
  const steps = passed.steps.slice(0, 4).map((one, index) => ({
    ...one,
    phase: "restore" as const,
    startedAt: at(20 - index),
    endedAt: at([31, 32, 30, 33][index]!),
  }));
  steps[3]!.carriedOver = true;
  const found = await values([{ ...passed, steps }], "firedrill_phase_duration_seconds");
  expect(found).toEqual({ [labelled('phase="restore"')]: 14 });
});

test("runs that wait for a person are counted while they wait", async () => {
  const waiting: RunRecord = { ...running, status: "waiting" };
  const count = (...records: RunRecord[]) => values(records, "firedrill_waiting_for_person");
  expect(await count(waiting, waiting, { ...running, status: "running" })).toEqual({ [drill]: 2 });
  expect(await count({ ...running, status: "running" }, passed)).toEqual({ [drill]: 0 });
  expect(await values([waiting], "firedrill_last_run_timestamp_seconds")).toEqual({});
});

test("refusals of the newest run by guard", async () => {
  const [refusal] = refused.refusals;
  const record = { ...refused, refusals: [refusal!, refusal!, { ...refusal!, guard: "space" }] };
  const found = await values([record], "firedrill_last_run_refusals");
  expect(found).toEqual({ [labelled(`guard="${refusal!.guard}"`)]: 2, [labelled('guard="space"')]: 1 });
  expect(await values([record, later(passed)], "firedrill_last_run_refusals")).toEqual({});
});

test("names cannot break the page, and what people and programs have written is not on it", async () => {
  const plan = { ...passed.plan, name: 'a"b\\c\nfiredrill_x 1' };
  const run = { ...passed.run, by: "canary-by", reason: "canary-reason" };
  const text = await page([{ ...passed, plan, run, summary: "canary-summary" }], 3);
  expect(text).toContain('plan="a\\"b\\\\c\\nfiredrill_x 1"');
  expect(text).not.toMatch(/^firedrill_x/m);
  expect(text).not.toContain("canary");
  expect(text).toContain("\nfiredrill_records_unreadable 3\n");
});
