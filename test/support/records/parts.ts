import { outline } from "../../../src/plan/outline.ts";
import type { CheckRecord, RtoRecord, RunRecord, Scenario, StepRecord, Stretch } from "../../../src/report/record.ts";
import { judge } from "../../../src/report/verdict.ts";

/** What the sample records are made of. Moments are seconds since the start of the run. */

const start = Date.parse("2026-11-21T03:00:00.000Z");

export const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
export const shop = { name: "shop", kind: "pgdump" };
export const ledger = { name: "ledger", kind: "pgbackrest" };

export function at(second: number): string {
  return new Date(start + second * 1000).toISOString();
}

/** Stretches that follow each other without a gap: `["died", 40, 51], ["resuming", 56]`. */
export function stretches(
  [kind, from, to]: [Stretch["kind"], number, number],
  ...more: [Stretch["kind"], number][]
): Stretch[] {
  let end = to;
  const rest = more.map(([kind, to]): Stretch => {
    const next = { kind, from: at(end), to: at(to) };
    end = to;
    return next;
  });
  return [{ kind, from: at(from), to: at(to) }, ...rest];
}

/** When a step ran, and its evidence. */
export type Times = Record<string, [from: number, to: number, note?: string]>;

/** The announced steps of an exercise; those with times ran, the others are pending. */
export function steps(scenario: Scenario, components: (typeof shop)[], times: Times, approvals = false): StepRecord[] {
  return outline("exercise", scenario, components, { approvals }).map((announced) => {
    const [from, to, note] = times[announced.id] ?? [];
    const ran = from !== undefined && to !== undefined;
    return {
      ...announced,
      status: ran ? "done" : "pending",
      startedAt: ran ? at(from) : null,
      endedAt: ran ? at(to) : null,
      attempts: ran ? 1 : 0,
      failures: [],
      decisions: [],
      stretches: ran ? stretches(["ran", from, to]) : [],
      carriedOver: false,
      expectedSeconds: ran ? Math.max(1, Math.round((to - from) * 0.9)) : null,
      note: note ?? null,
    };
  });
}

/** A check that was seen to fail while the data was lost. */
export function check(name: string, title: string, expected: string, found = expected): CheckRecord {
  return {
    name,
    title,
    proven: true,
    passed: expected === found,
    exact: true,
    negativeControl: { passed: false, found: "the database does not exist" },
    expected,
    found,
  };
}

export const noRto: RtoRecord = {
  objectiveSeconds: 900,
  seconds: null,
  machineSeconds: 0,
  waitingSeconds: 0,
  peopleSeconds: 0,
};

/** A copy with some steps changed. */
export function changed(record: RunRecord, changes: Record<string, Partial<StepRecord>>): RunRecord {
  const copy = structuredClone(record);
  for (const [id, change] of Object.entries(changes)) {
    const step = copy.steps.find((candidate) => candidate.id === id);
    if (step === undefined) throw new Error(`no step ${id} in the sample`);
    Object.assign(step, change);
  }
  return copy;
}

/** A copy with the verdict, score, times, summary and diagnosis that the code gives it. */
export function judged(record: RunRecord): RunRecord {
  const copy = structuredClone(record);
  return { ...copy, ...judge(copy) };
}
