import { secondsBetween } from "./elapsed.ts";
import type { Phase, StepRecord } from "./record.ts";

/** How long each phase took, from its first step to its last, in their order; null where not all of it has ended. Pure. */
export function phaseSpans(steps: StepRecord[]): { phase: Phase; seconds: number | null; steps: StepRecord[] }[] {
  const phases = [...Map.groupBy(steps, ({ phase }) => phase)];
  return phases.map(([phase, of]) => ({ phase, seconds: spanOf(of), steps: of }));
}

function spanOf(steps: StepRecord[]): number | null {
  const starts = steps.flatMap(({ startedAt }) => startedAt ?? []).toSorted();
  const ends = steps.flatMap(({ endedAt }) => endedAt ?? []).toSorted();
  if (starts.length === 0 || ends.length < starts.length) return null;
  return secondsBetween(starts[0]!, ends.at(-1)!);
}
