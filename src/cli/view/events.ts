import { reloadText } from "../../report/events.ts";
import { seconds } from "../../report/format.ts";
import type { RunRecord, StepRecord } from "../../report/record.ts";
import { shellWord, visible } from "../../report/safe-text.ts";
import { programName } from "../program-name.ts";
import { answers } from "./waiting.ts";
import { elapsed } from "./step.ts";

/** What happened between two readings of a record, a line an event: the live view where there is no terminal. */

/** One line: time of day, what happened, to what. */
export function eventLine(at: string | null, word: string, text: string): string {
  return `${(at ?? "").slice(11, 19).padEnd(8)} ${word.padEnd(9)} ${text}`.replaceAll(/\s*\n\s*/g, " ");
}

function finished(step: StepRecord): string {
  const again = step.attempts > 1 ? `, ${step.attempts} attempts` : "";
  const note = step.note === null ? "" : `: ${step.note}`;
  return eventLine(step.endedAt, step.status, `${step.id} after ${seconds(elapsed(step, Date.now()))}${again}${note}`);
}

function ofStep(before: StepRecord | undefined, step: StepRecord, record: RunRecord): string[] {
  const changed = before?.status !== step.status;
  const failures = step.failures.slice(before?.failures.length ?? 0);
  const decisions = step.decisions.slice(before?.decisions.length ?? 0);
  const waits = changed && step.status === "waiting";
  return [
    ...(changed && step.status === "running" && decisions.length === 0 && failures.length === 0
      ? [eventLine(step.startedAt, "started", `${step.id}: ${step.title}`)]
      : []),
    ...failures.map(({ at, message, hint }) => eventLine(at, "failed", `${step.id}: ${message}; ${hint}`)),
    ...decisions.map(({ at, action, by, reason, reloaded }) =>
      eventLine(
        at,
        action,
        `${step.id}, by ${by}: ${reason}${reloaded === undefined ? "" : `; ${reloadText(reloaded)}`}`,
      ),
    ),
    ...(waits
      ? [
          eventLine(
            step.failures.at(-1)?.at ?? step.startedAt,
            "waits",
            `${step.id}: ${answers(record, step).join(" | ")}`,
          ),
        ]
      : []),
    ...(changed && ["done", "skipped", "aborted", "cancelled"].includes(step.status) ? [finished(step)] : []),
  ];
}

function ofPauses(before: RunRecord | null, { pauses, run }: RunRecord): string[] {
  const goOn = `${programName} unpause ${shellWord(run.workflowId)} --reason "…"`;
  return pauses.flatMap(({ at, by, reason, ended }, index) => {
    const old = before?.pauses[index];
    return [
      ...(old === undefined ? [eventLine(at, "paused", `by ${by}: ${reason}; to go on: ${goOn}`)] : []),
      ...(ended !== null && old?.ended == null
        ? [eventLine(ended.at, "unpaused", `by ${ended.by}: ${ended.reason}`)]
        : []),
    ];
  });
}

function ofApprovals(before: RunRecord | null, { approvals }: RunRecord): string[] {
  const { given = [], refused = [] } = approvals ?? {};
  const old = before?.approvals;
  return [
    ...given.slice(old?.given.length).map(({ at, by, reason }) => eventLine(at, "approved", `by ${by}: ${reason}`)),
    ...refused
      .slice(old?.refused.length)
      .map(({ at, by, why }) => eventLine(at, "refused", `approval of ${by}: ${why}`)),
  ];
}

export function eventLines(before: RunRecord | null, now: RunRecord): string[] {
  const record = visible(now);
  const old = new Map(before?.steps.map((step) => [step.id, step]));
  const begin =
    before === null
      ? [eventLine(record.startedAt, "run", `${record.run.type} ${record.plan.name}, ${record.run.workflowId}`)]
      : [];
  return [
    ...begin,
    ...ofApprovals(before, record),
    ...ofPauses(before, record),
    ...record.steps.flatMap((step) => ofStep(old.get(step.id), step, record)),
  ];
}
