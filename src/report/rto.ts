import { clockTrouble, lossOf } from "./clock.ts";
import type { ComponentRecord, RpoRecord, RtoRecord, RunRecord } from "./record.ts";

/** Splits the time to recovery into who it was spent on. */

interface Interval {
  from: number;
  to: number;
}

export const noRto = (objectiveSeconds: number | null): RtoRecord => ({
  objectiveSeconds,
  seconds: null,
  machineSeconds: 0,
  waitingSeconds: 0,
  peopleSeconds: 0,
});

/** Milliseconds since 1970 of two ISO times. */
export function interval(from: string, to: string): Interval {
  return { from: Date.parse(from), to: Date.parse(to) };
}

/** Milliseconds that the union of intervals covers within a window. */
function covered(intervals: Interval[], window: Interval): number {
  const inside = intervals
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from);
  let end = window.from;
  let sum = 0;
  for (const { from, to } of inside.sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

/** While a run was closed, it was for people to resume it. */
function gaps({ earlier, resumedAt }: Pick<RunRecord, "earlier" | "resumedAt">): Interval[] {
  return earlier.map(({ endedAt }, index) => interval(endedAt, earlier[index + 1]?.startedAt ?? resumedAt ?? endedAt));
}

/** @param waits times in which the target was busy coming back */
export function split(
  objectiveSeconds: number | null,
  window: Interval,
  waits: { from: string; to: string }[],
  record: Pick<RunRecord, "steps" | "earlier" | "resumedAt">,
): RtoRecord {
  const people = [
    ...record.steps.flatMap((step) =>
      step.stretches
        .filter(({ kind }) => kind === "waited" || kind === "paused")
        .map(({ from, to }) => interval(from, to)),
    ),
    ...gaps(record),
  ];
  const target = waits.map(({ from, to }) => interval(from, to));
  const total = window.to - window.from;
  const peopleMs = covered(people, window);
  const waitingMs = covered([...people, ...target], window) - peopleMs;
  return {
    objectiveSeconds,
    seconds: total / 1_000,
    machineSeconds: (total - peopleMs - waitingMs) / 1_000,
    waitingSeconds: waitingMs / 1_000,
    peopleSeconds: peopleMs / 1_000,
  };
}

/** From the first loss to the last proof; only when every component has one. */
export function overallRto(record: RunRecord, components: ComponentRecord[]): RtoRecord {
  const { objectiveSeconds } = record.rto;
  const spoilt = components.some((one) => clockTrouble(one, record).some(({ spoils }) => spoils === "RTO"));
  if (spoilt) return noRto(objectiveSeconds);
  const losses = components.flatMap((one) => lossOf(one, record) ?? []);
  const proofs = components.flatMap(({ provenAt }) => provenAt ?? []);
  if (losses.length === 0 || proofs.length < components.length) return noRto(objectiveSeconds);
  const window = {
    from: Math.min(...losses.map((at) => Date.parse(at))),
    to: Math.max(...proofs.map((at) => Date.parse(at))),
  };
  return split(
    objectiveSeconds,
    window,
    components.flatMap(({ waits }) => waits),
    record,
  );
}

/** The objective was missed. */
export function isLate({ objectiveSeconds, seconds }: RpoRecord): boolean {
  return objectiveSeconds !== null && seconds !== null && seconds > objectiveSeconds;
}
