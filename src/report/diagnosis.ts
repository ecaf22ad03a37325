import { clockTrouble } from "./clock.ts";
import type { CheckRecord, ComponentRecord, Diagnosis, RpoRecord, RunRecord, StepRecord, Verdict } from "./record.ts";

/** Says in words what a judged record means: why something did not come back, and the run in one sentence. */

export const counts = (check: CheckRecord) => check.passed && check.proven;
/** Destroyed by this run, and not in place again. */
export function isLost(steps: StepRecord[]): boolean {
  const done = steps.filter(({ status }) => status === "done");
  return done.some(({ destroys }) => destroys) && !done.some(({ id }) => id.startsWith("verify/place/"));
}

export function stepsOf(record: RunRecord, component: string): StepRecord[] {
  return record.steps.filter((step) => step.component === component);
}

export function diagnose(record: RunRecord, components: ComponentRecord[]): Diagnosis[] {
  const { steps, refusals } = record;
  const ofClocks = components.flatMap((component) =>
    clockTrouble(component, record).map(({ spoils, cause }) => ({
      object: `${component.name}: ${spoils}`,
      cause: `not measured, because a clock was set meanwhile: ${cause}`,
      hint: "Let NTP keep the clocks of target, worker and Temporal server, then run the exercise again.",
    })),
  );
  const failed = steps.filter(({ status }) => status === "aborted" || status === "skipped" || status === "waiting");
  const ofSteps = failed.flatMap(({ id, failures }) =>
    failures.slice(-1).map(({ message, hint }) => ({ object: id, cause: message, hint })),
  );
  const ofChecks = components.flatMap(({ name, checks }) =>
    checks
      .filter((check) => !counts(check) && check.expected !== "")
      .map((check) => ({ object: `${name}: ${check.title}`, cause: whyNot(check), hint: hintFor(check) })),
  );
  const lost = components.filter(({ name }) => isLost(steps.filter((step) => step.component === name)));
  return [
    ...refusals.map(({ message, hint, component }) => ({ object: component ?? "run", cause: message, hint })),
    ...lost.map(({ target, name, backup }) => ({
      object: target,
      cause: "this run destroyed it and has not put it back",
      hint: `Its backup is ${backup?.id} in ${backup?.location}. Run: firedrill restore PLAN --component ${name}`,
    })),
    ...ofSteps,
    ...ofChecks,
    ...ofClocks,
  ];
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

export function summarize(
  record: RunRecord,
  { verdict, score, rto, rpo }: { verdict: Verdict | null; score: RunRecord["score"]; rto: RpoRecord; rpo: RpoRecord },
): string {
  const { type, scenario } = record.run;
  const names = record.components.map(({ name }) => name).join(" and ");
  const late = [[rto, "RTO"] as const, [rpo, "RPO"] as const].flatMap(([{ objectiveSeconds, seconds }, what]) =>
    objectiveSeconds !== null && seconds !== null && seconds > objectiveSeconds ? [what] : [],
  );
  if (record.status === "refused")
    return `Refused before anything was destroyed: ${record.refusals.map(({ message }) => message).join("; ")}.`;
  const lost = record.components
    .filter(({ name }) => isLost(stepsOf(record, name)))
    .map(({ name }) => name)
    .join(" and ");
  const gone = lost === "" ? "" : ` Destroyed and not put back: ${lost}.`;
  if (record.status === "cancelled") return `Cancelled before everything was proven.${gone}`;
  if (record.status === "aborted" || record.status === "failed")
    return `Given up: ${
      record.steps
        .flatMap(({ status, failures }) => (status === "aborted" ? failures.slice(-1) : []))
        .map(({ message }) => message)
        .join("; ") || "an unexpected failure"
    }.${gone}`;
  if (type === "backup")
    return verdict === "PASS"
      ? `${names} backed up; each backup was read back and is whole.`
      : `The backup of ${names} is not proven.`;
  const did =
    scenario === "none" ? "restored beside the live data" : type === "exercise" ? "destroyed, restored" : "restored";
  const proof = `${score.proven} of ${score.total} checks proven`;
  if (verdict === "PASS") return `${names}: ${did} and proven to be back, ${proof}.`;
  if (verdict === "FAIL")
    return late.length > 0 && score.proven === score.total
      ? `${names}: ${did} and proven, but the ${late.join(" and ")} objective was missed.`
      : `${names}: ${did}, but not all of it is back: ${proof}.`;
  return `${names}: ${did}, but not everything could be proven: ${proof}.`;
}
