import { secondsBetween } from "./elapsed.ts";
import { seconds } from "./format.ts";
import type { Approval, EarlierPart, Pause, Reload } from "./people.ts";
import type { RunRecord, StepFailure, StepRecord } from "./record.ts";
import type { Decision } from "./people.ts";

/**
 * Something that interrupted a run: a failure, a person's decision or consent, the death of a worker, or a server that did not
 * answer. `at` is ISO 8601.
 */
export type RunEvent =
  | { kind: "failure"; at: string; step: StepRecord; failure: StepFailure }
  | { kind: "decision"; at: string; step: StepRecord; decision: Decision }
  | { kind: "death"; at: string; step: StepRecord; resumedAt: string | null }
  | { kind: "unanswered"; at: string; step: StepRecord; by: string; to: string }
  | { kind: "approval"; at: string; step: null; approval: Approval }
  | { kind: "refusedApproval"; at: string; step: null; by: string; why: string }
  | { kind: "pause"; at: string; step: null; pause: Omit<Pause, "ended"> }
  | { kind: "unpause"; at: string; step: null; pause: Omit<Pause, "ended"> }
  | { kind: "closed"; at: string; step: null; part: EarlierPart }
  | { kind: "resumed"; at: string; step: null; by: string; reason: string }
  | { kind: "ignored"; at: string; step: null; why: string };

/** What reading the plan again has found. */
export function reloadText({ changed }: Reload): string {
  return `the plan was read again: ${changed.length === 0 ? "nothing in it" : changed.join(", ")} had changed`;
}

function deaths(step: StepRecord): RunEvent[] {
  return step.stretches
    .filter((stretch) => stretch.kind === "died")
    .map((died) => {
      const next = step.stretches.find(({ kind, from }) => kind === "resuming" && from === died.to);
      return { kind: "death", at: died.to, step, resumedAt: next?.to ?? null };
    });
}

function silences(step: StepRecord): RunEvent[] {
  return step.stretches.flatMap(({ kind, from, to, by = "server" }) =>
    kind === "unanswered" ? [{ kind, at: from, step, by, to }] : [],
  );
}

/** In a sentence of its own, without a full stop. */
export function silenceText({ by, at, to }: Extract<RunEvent, { kind: "unanswered" }>): string {
  return `the ${by} did not answer for ${seconds(secondsBetween(at, to))}`;
}

/** Where the run was closed and resumed. */
function parts({ earlier, run, resumedAt }: RunRecord): RunEvent[] {
  return earlier.flatMap((part, index): RunEvent[] => {
    const { by, reason, startedAt } = earlier[index + 1] ?? { ...run, startedAt: resumedAt ?? part.endedAt };
    return [
      { kind: "closed", at: part.endedAt, step: null, part },
      { kind: "resumed", at: startedAt, step: null, by, reason },
    ];
  });
}

/** Whether a step waits because of this failure, or was given up with it. */
export function isUnsolved({ status, failures }: StepRecord, failure: StepFailure): boolean {
  return ["waiting", "aborted", "cancelled"].includes(status) && failures.at(-1) === failure;
}

/** All interruptions of a run in the order in which they happened. */
export function events(record: RunRecord): RunEvent[] {
  const ofSteps = record.steps.flatMap((step): RunEvent[] => [
    ...step.failures.map((failure) => ({ kind: "failure" as const, at: failure.at, step, failure })),
    ...deaths(step),
    ...silences(step),
    ...step.decisions.map((decision) => ({ kind: "decision" as const, at: decision.at, step, decision })),
  ]);
  const ignored = record.ignoredDecisions.map(({ at, why }) => ({ kind: "ignored" as const, at, step: null, why }));
  const { given = [], refused = [] } = record.approvals ?? {};
  const approvals = [
    ...given.map((approval) => ({ kind: "approval" as const, at: approval.at, step: null, approval })),
    ...refused.map((one) => ({ kind: "refusedApproval" as const, step: null, ...one })),
  ];
  const pauses = record.pauses.flatMap((pause): RunEvent[] => [
    { kind: "pause", at: pause.at, step: null, pause },
    ...(pause.ended === null ? [] : [{ kind: "unpause" as const, at: pause.ended.at, step: null, pause: pause.ended }]),
  ]);
  return [...ofSteps, ...approvals, ...pauses, ...ignored, ...parts(record)].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
}
