import type { RunRecord, StepRecord } from "./record.ts";

/** Whether a run has taken its target away without putting it back, by what its steps say. */

/** Steps that run whatever happened. Nobody answers their failures once the run was given up, and no pause holds them back. */
export function isOfClosing({ component, phase }: StepRecord): boolean {
  return component === null && phase === "report";
}

export function stepsOf(record: RunRecord, component: string): StepRecord[] {
  return record.steps.filter((step) => step.component === component);
}

/** Of a component with those that took it away together with what holds it: its namespace, or the whole cluster. */
export function stepsOfLoss({ run, steps, components }: RunRecord, component: string): StepRecord[] {
  const holder = components.find(({ name }) => name === component)?.holder;
  const withOthers = (step: StepRecord) => step.destroys && (step.component === holder || run.scenario === "cluster");
  return steps.filter((step) => step.component === component || withOthers(step));
}

/** Destroyed by this run, and not in place again: put there by the run, or rebuilt by GitOps. */
export function isLost(steps: StepRecord[]): boolean {
  const done = steps.filter(({ status }) => status === "done");
  return done.some(({ destroys }) => destroys) && !done.some(({ id }) => /^(verify\/place|rebuild)\/[^/]+$/.test(id));
}

/** Whether anything was taken away, or may have been. */
export function hasBegunLoss(steps: Pick<StepRecord, "destroys" | "startedAt">[]): boolean {
  return steps.some(({ destroys, startedAt }) => destroys && startedAt !== null);
}

/** The destruction was begun and nobody saw its end: the target may be there, damaged or gone. */
export function mayBeLost(steps: StepRecord[]): boolean {
  const begun = (step: StepRecord) => step.startedAt !== null && step.status !== "done" && !hasTouchedNothing(step);
  return !isLost(steps) && steps.some((step) => step.destroys && begun(step));
}

/** Failures that a step which destroys raises before it touches anything. */
const beforeAnything = new Set([
  "REFUSED",
  "IDENTITY_CHANGED",
  "PLAN_CHANGED",
  "STATE_CHANGED",
  "BACKUP_NOT_VERIFIED",
  "TARGET_GONE",
  "AUTHENTICATION_FAILED",
  "SECRET_MISSING",
]);

/** Every try has ended, and none of them later than at a look before. */
export function hasTouchedNothing({ failures, decisions, stretches }: StepRecord): boolean {
  const retries = decisions.filter(({ action }) => action === "retry").length;
  return (
    retries < failures.length &&
    failures.every(({ type }) => beforeAnything.has(type)) &&
    !stretches.some(({ kind }) => kind === "died")
  );
}
