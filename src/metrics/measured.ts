import { secondsBetween } from "../report/elapsed.ts";
import type { Phase, RpoRecord, RunRecord, RunType, Scenario, StepRecord, Verdict } from "../report/record.ts";

/** A time in seconds and what it should be; null where it was not measured, or where nothing is asked. */
type Time = Pick<RpoRecord, "seconds" | "objectiveSeconds">;

/** What metrics need of a record. Names and numbers only: nothing that a person or a program has written. */
export interface Measured {
  plan: string;
  type: RunType;
  scenario: Scenario;
  /** ISO 8601 in UTC; null while the run goes on. */
  endedAt: string | null;
  /** It waits for a person now: at a failed step, for approvals, or paused. */
  waits: boolean;
  /** It was left out for something that passes by itself. */
  skipped: boolean;
  verdict: Verdict | null;
  rto: Time;
  rpo: Time;
  components: { name: string; rto: Time; rpo: Time }[];
  phases: { phase: Phase; seconds: number }[];
  /** Guards that refused, as often as they did. */
  refusals: string[];
}

export function measure(record: RunRecord): Measured {
  const { plan, run, endedAt, status, verdict, rto, rpo, components, steps, refusals } = record;
  return {
    plan: plan.name,
    type: run.type,
    scenario: run.scenario,
    endedAt,
    waits: endedAt === null && status === "waiting",
    skipped: status === "skipped",
    verdict,
    rto: time(rto),
    rpo: time(rpo),
    components: components.map((one) => ({ name: one.name, rto: time(one.rto), rpo: time(one.rpo) })),
    phases: phasesOf(steps),
    refusals: refusals.map(({ guard }) => guard),
  };
}

const time = ({ seconds, objectiveSeconds }: Time): Time => ({ seconds, objectiveSeconds });

/** From the start of a phase's first step to the end of its last one; what was taken over from an earlier run is not counted. */
function phasesOf(steps: StepRecord[]): Measured["phases"] {
  const spans = new Map<Phase, { from: string; to: string }>();
  for (const { phase, startedAt, endedAt, carriedOver } of steps) {
    if (startedAt === null || endedAt === null || carriedOver) continue;
    const { from, to } = spans.get(phase) ?? { from: startedAt, to: endedAt };
    spans.set(phase, { from: startedAt < from ? startedAt : from, to: endedAt > to ? endedAt : to });
  }
  return [...spans].map(([phase, { from, to }]) => ({ phase, seconds: secondsBetween(from, to) }));
}
