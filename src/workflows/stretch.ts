import type { Attempt, Backup, Restored, RunRef } from "../activities/verbs.ts";
import type { FailureText } from "../failures.ts";
import type { ClusterAccess } from "../plan/access-schema.ts";
import type { LonghornComponent } from "../plan/longhorn-schema.ts";
import { stepId, type Verb } from "../plan/steps.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import type { StepDetails } from "./journal.ts";

/** Steps of a volume that follow each other without anybody's leave: one child workflow does them, for one of many volumes. Pure. */

const stretches = [
  ["plant", "backup", "proof"],
  ["control", "restore", "verify"],
] as const satisfies Verb[][];

export type StretchVerb = (typeof stretches)[number][number];

/** What a child workflow is told. */
export interface Stretch {
  /** Task queue of the host that keeps the run's directory. */
  host: string;
  component: LonghornComponent;
  access: ClusterAccess;
  run: Omit<RunRef, "tryNo">;
  steps: { id: string; verb: StretchVerb; title: string; tryNo: number }[];
  known: Known;
}

/** What the steps need to know of those before. */
export interface Known {
  toTime: string | null;
  backup: Backup | null;
  restored: Restored | null;
}

/** What it tells. Steps that are in neither were not begun. */
export interface Told {
  done: { id: string; startedAt: string; endedAt: string; attempts: Attempt[]; value: unknown }[];
  /** The first that failed; null where none did. */
  failed: { id: string; startedAt: string; failure: FailureText; details: StepDetails } | null;
}

/** The same when history is replayed after a reset, of which a run ID is not; nobody can start a run of such an ID. */
export function volumeWorkflowId(
  { workflowId }: { workflowId: string },
  { nonce }: RunRef,
  step: string,
  tryNo: number,
) {
  return `firedrill/volume/${workflowId}/${nonce.slice(0, 8)}/${step}/${tryNo}`;
}

/** Up to the first before which the whole run has to do something else: GitOps may have to go on before a volume can be read. */
function together<S extends { step: StepRecord }>(steps: StepRecord[], all: S[]): S[] {
  const at = ({ step }: S) => steps.indexOf(step);
  const cut = all.findIndex(
    (one, index) =>
      index > 0 && steps.slice(at(all[index - 1]!), at(one)).some(({ id }) => id.startsWith("rebuild/gitops/")),
  );
  return cut === -1 ? all : all.slice(0, cut);
}

/**
 * The steps that one child workflow does from this one on; none for a component that the plan itself names, and where there is
 * only one, which needs no child.
 */
export function stretchFrom(
  { steps, components }: Pick<RunRecord, "steps" | "components">,
  { id, component }: StepRecord,
): { step: StepRecord; verb: StretchVerb }[] {
  if (component === null || components.find(({ name }) => name === component)?.of === undefined) return [];
  for (const verbs of stretches) {
    const all = verbs.flatMap((verb) => {
      const step = steps.find((one) => one.id === stepId(verb, component));
      return step === undefined ? [] : [{ step, verb }];
    });
    const from = all.findIndex(({ step }) => step.id === id);
    const left = from === -1 ? [] : together(steps, all.slice(from)).filter(({ step }) => step.status === "pending");
    if (left.length > 1 && left[0]!.step.id === id) return left;
  }
  return [];
}
