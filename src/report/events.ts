import type { Decision, RunRecord, StepFailure, StepRecord } from "./record.ts";

/** Something that interrupted a run: a failure, a person's decision, or the death of a worker. `at` is ISO 8601. */
export type RunEvent =
  | { kind: "failure"; at: string; step: StepRecord; failure: StepFailure }
  | { kind: "decision"; at: string; step: StepRecord; decision: Decision }
  | { kind: "death"; at: string; step: StepRecord; resumedAt: string | null }
  | { kind: "ignored"; at: string; step: null; why: string };

function deaths(step: StepRecord): RunEvent[] {
  return step.stretches
    .filter((stretch) => stretch.kind === "died")
    .map((died) => {
      const next = step.stretches.find(({ kind, from }) => kind === "resuming" && from === died.to);
      return { kind: "death", at: died.to, step, resumedAt: next?.to ?? null };
    });
}

/** All interruptions of a run in the order in which they happened. */
export function events(record: RunRecord): RunEvent[] {
  const ofSteps = record.steps.flatMap((step): RunEvent[] => [
    ...step.failures.map((failure) => ({ kind: "failure" as const, at: failure.at, step, failure })),
    ...deaths(step),
    ...step.decisions.map((decision) => ({ kind: "decision" as const, at: decision.at, step, decision })),
  ]);
  const ignored = record.ignoredDecisions.map(({ at, why }) => ({ kind: "ignored" as const, at, step: null, why }));
  return [...ofSteps, ...ignored].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
