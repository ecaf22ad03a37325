import { outline } from "../../plan/outline.ts";
import { isOfClosing } from "../loss.ts";
import type { RunRecord, StepRecord } from "../record.ts";
import { type Difference, differences } from "./differences.ts";

/** The steps of a run together: those that its plan has, in their order, one after the other. */

/** The step asks the guards: it has no failures and no decisions. */
export const isGuards = ({ id }: StepRecord) => id.endsWith("/guards");
/** The step waits for people without having failed. Who gives it up, or comes too late, answers no failure. */
export const isApproval = ({ phase }: StepRecord) => phase === "approve";
/** The step waited for people, because the run was paused or it asks for approvals, and was given up without a failure. */
export const isGivenUpWaiting = (step: StepRecord) =>
  step.decisions.at(-1)?.action === "abort" && (isApproval(step) || step.stretches.at(-1)?.kind === "paused");

const over = ({ status }: StepRecord) => status === "done" || status === "skipped";

export function checkOrder(record: RunRecord): Difference[] {
  const { type, scenario } = record.run;
  const announced = record.steps.map(({ id, phase, title, component, destroys, skippable }) => ({
    id,
    phase,
    title,
    component,
    destroys,
    skippable,
  }));
  // Before the plan was read there are none.
  const early = record.steps.length === 0 && record.endedAt === null;
  const steps = early
    ? []
    : differences(
        announced,
        outline(type, scenario, record.components, {
          layers: layersOf(record),
          approvals: record.approvals !== null,
          resumes: record.earlier.length > 0,
        }),
        "steps",
      );
  const lanes = record.components.flatMap(({ name }) =>
    oneAfterTheOther(
      record.steps.filter((step) => !step.carriedOver && !isOfClosing(step) && isOfLane(step, name, record)),
    ),
  );
  return [...steps, ...unique(lanes), ...within(record)];
}

const lookAtLayer = /^preflight\/layer\/(.+)$/;

/** Names of the layers of infrastructure that the run has looked at, in the order in which they are made. */
function layersOf({ steps }: RunRecord): string[] {
  return steps.flatMap(({ id }) => lookAtLayer.exec(id)?.[1] ?? []);
}

/** An audit looks at each layer, and asks the guards, whatever it has found before. */
function isOfLane(step: StepRecord, name: string, { run }: RunRecord): boolean {
  return run.type === "audit"
    ? step.component === name && !lookAtLayer.test(step.id)
    : (step.component ?? name) === name;
}

/** The guards belong to the lane of every component, and are named once. */
function unique(found: Difference[]): Difference[] {
  return [
    ...new Map(found.map((difference) => [`${difference.path} ${String(difference.should)}`, difference])).values(),
  ];
}

function oneAfterTheOther(lane: StepRecord[]): Difference[] {
  return lane.flatMap((step, index) => {
    const before = lane[index - 1];
    if (before === undefined || step.status === "pending") return [];
    if (!over(before))
      return [
        {
          path: `steps[${step.id}].status`,
          stands: step.status,
          should: `pending, as ${before.id} is ${before.status}`,
        },
      ];
    return notBefore(`steps[${step.id}].startedAt`, step.startedAt, before.endedAt);
  });
}

/** All steps lie within the run, and the closing ones after all others. Times of one clock, the Temporal server's. */
function within({ startedAt, endedAt, steps }: RunRecord): Difference[] {
  const work = steps.filter((step) => !isOfClosing(step));
  const closing = steps.filter(isOfClosing);
  const last = work.reduce<string | null>((latest, step) => later(latest, step.endedAt), null);
  return [
    ...steps.flatMap((step) => [
      ...notBefore(`steps[${step.id}].startedAt`, step.startedAt, startedAt),
      ...notBefore("endedAt", endedAt, isOfClosing(step) && step.id.endsWith("/files") ? null : step.endedAt),
    ]),
    ...closing.flatMap((step) => notBefore(`steps[${step.id}].startedAt`, step.startedAt, last)),
  ];
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return Date.parse(a) > Date.parse(b) ? a : b;
}

function notBefore(path: string, at: string | null, before: string | null): Difference[] {
  if (at === null || before === null || Date.parse(at) >= Date.parse(before)) return [];
  return [{ path, stands: at, should: `not before ${before}` }];
}
