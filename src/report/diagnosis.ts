import { auditDiagnosis } from "./audit.ts";
import { clockTrouble } from "./clock.ts";
import { isLost, mayBeLost, stepsOfLoss } from "./loss.ts";
import type { BackupRecord, CheckRecord, ComponentRecord, Diagnosis, RpoRecord, RunRecord } from "./record.ts";
import { comesBackByItself, lacksRpo } from "./rpo.ts";
import { isLate } from "./rto.ts";
import { shellWord } from "./safe-text.ts";

/** Says why something did not come back, or cannot be relied on, and what to do. */

/** A check that counts for the score: it passed, and it was able to fail. */
export const counts = (check: CheckRecord) => check.passed && check.proven;

/** @param components as they were judged @param numbers of the whole run */
export function diagnose(
  record: RunRecord,
  components: ComponentRecord[],
  numbers: Pick<RunRecord, "rto" | "rpo">,
): Diagnosis[] {
  return [
    ...record.refusals.map(({ message, hint, component }) => ({ object: component ?? "run", cause: message, hint })),
    ...(record.failure === null ? [] : [{ object: "run", cause: record.failure.message, hint: record.failure.hint }]),
    ...components.flatMap(({ causes = [] }) => causes),
    ...components.flatMap((component) => ofLoss(component, record)),
    ...ofSteps(record, components),
    ...ofRestore(record),
    ...components.flatMap(ofChecks),
    ...(record.run.type === "audit" ? components.flatMap((one) => auditDiagnosis(one, record)) : []),
    ...components.flatMap((component) => ofNumbers(component, record)),
    ...[{ name: "run", ...numbers }, ...components].flatMap(lateOnes),
  ];
}

function ofLoss({ name, kind, target, backup }: ComponentRecord, record: RunRecord): Diagnosis[] {
  const steps = stepsOfLoss(record, name);
  const goOn = resuming(record);
  const backUp = `${backupWords(backup)} Run: firedrill restore ${record.plan.name} --component ${name}, or go on with this run: ${goOn}`;
  const mending: Record<string, string> = {
    namespace: `Mend what keeps it from coming back, and reconcile what Git holds of it; then go on with this run: ${goOn}`,
    workload: `Mend what keeps its pods from coming back; then go on with this run: ${goOn}`,
    cluster: `Mend what keeps its infrastructure from being made; then go on with this run: ${goOn}`,
  };
  const restore = mending[kind] ?? backUp;
  if (isLost(steps)) return [{ object: target, cause: "this run destroyed it and has not put it back", hint: restore }];
  if (!mayBeLost(steps)) return [];
  const hint = `Look whether it is there and whole; if it is not: ${restore}`;
  return [{ object: target, cause: "this run began to destroy it, and may have", hint }];
}

const resuming = ({ run }: RunRecord) => `firedrill resume ${shellWord(run.workflowId)} --reason "…"`;

/** A restore that was given up has destroyed nothing, and left what it had restored. */
function ofRestore(record: RunRecord): Diagnosis[] {
  const { run, status, steps } = record;
  const begun = steps.some(
    ({ phase, startedAt }) => (phase === "rebuild" || phase === "restore") && startedAt !== null,
  );
  if (run.type !== "restore" || !begun || !["aborted", "failed", "cancelled"].includes(status)) return [];
  const hint = `What is restored so far stays. Go on with this run: ${resuming(record)}`;
  return [{ object: "run", cause: "the restore has not come to its end", hint }];
}

function backupWords(backup: BackupRecord | null): string {
  return backup === null ? "The record names no backup." : `Its backup is ${backup.id} in ${backup.location}.`;
}

function ofSteps({ steps }: RunRecord, components: ComponentRecord[]): Diagnosis[] {
  const tellsCauses = (name: string | null) => components.some((one) => one.name === name && one.causes !== undefined);
  return steps
    .filter(({ status }) => status === "aborted" || status === "skipped" || status === "waiting")
    .flatMap(({ id, component, failures }) =>
      // Its causes stand by themselves, where it has any.
      failures
        .slice(-1)
        .filter(({ type }) => type !== "NOT_RECOVERED" || !tellsCauses(component))
        .map(({ message, hint }) => ({ object: id, cause: message, hint })),
    );
}

function ofChecks({ name, kind, checks, causes }: ComponentRecord): Diagnosis[] {
  // A known cause says more than each of the things that are missing because of it.
  if (causes !== undefined) return [];
  return checks
    .filter((check) => !counts(check) && check.expected !== "")
    .map((check) => ({
      object: `${name}: ${check.title}`,
      cause: whyNot(check),
      hint: comesBackByItself(kind) ? rebuiltHint(kind, check) : hintFor(check),
    }));
}

function rebuiltHint(kind: string, { passed, proven }: CheckRecord): string {
  if (passed) return "Find out what answered while it should have been gone.";
  if (proven && kind === "workload")
    return "Look at its pods, claims and volumes; what the application itself writes when it starts belongs into `data.except`.";
  return proven
    ? "Compare what Git holds of it with what is there now (`kubectl diff`), and who else changes it."
    : "Let it become ready, then run the exercise again.";
}

function whyNot(check: CheckRecord): string {
  if (check.passed)
    return `it passed although the data was lost (${check.negativeControl?.found ?? "no negative control"}), so it proves nothing`;
  return `${check.found} (expected: ${check.expected})`;
}

function hintFor(check: CheckRecord): string {
  if (check.passed) return "Find out what answered while the data should have been gone.";
  return check.proven
    ? "Compare the backup with what was restored before you rely on either."
    : "Make the check possible, then run the exercise again.";
}

/** Objectives that were missed. Seconds, because nothing here may depend on how a report writes them. */
function lateOnes({ name, rto, rpo }: Pick<ComponentRecord, "name" | "rto" | "rpo">): Diagnosis[] {
  const late = (what: string, { seconds, objectiveSeconds }: RpoRecord, hint: string) => ({
    object: `${name}: ${what}`,
    cause: `${Math.round(seconds ?? 0)} s instead of ${objectiveSeconds} s at most: the objective was missed`,
    hint,
  });
  return [
    ...(isLate(rto)
      ? [late("RTO", rto, "See in which steps the time went: make them faster, or the objective longer.")]
      : []),
    ...(isLate(rpo) ? [late("RPO", rpo, "Back up more often, or make the objective longer.")] : []),
  ];
}

/** Times that were not measured, or cannot be. */
function ofNumbers(component: ComponentRecord, record: RunRecord): Diagnosis[] {
  const { name, rpo } = component;
  const ofClocks = clockTrouble(component, record);
  const objective = rpo.objectiveSeconds ?? record.rpo.objectiveSeconds;
  const unknown = lacksRpo(component, record) && objective !== null && !ofClocks.some(({ spoils }) => spoils === "RPO");
  return [
    ...(unknown
      ? [
          {
            object: `${name}: RPO`,
            cause: "not measured, although there is an objective: nothing that came back says how new it is",
            hint: "Find out from the data itself what is missing.",
          },
        ]
      : []),
    ...ofClocks.map(({ spoils, cause }) => ({
      object: `${name}: ${spoils}`,
      cause: `not measured, because a clock was set meanwhile: ${cause}`,
      hint: "Let NTP keep the clocks of target, worker and Temporal server, then start a new run.",
    })),
  ];
}
