import type { Attempt, Control, Inspection, Loss, Proof, Restored, Verification } from "../activities/verbs.ts";
import type { LayerLoss } from "../activities/infrastructure/verbs.ts";
import type { Rebuilt } from "../activities/namespace/verbs.ts";
import type { FailureDetails, FailureText } from "../failures.ts";
import { ActivityFailure, ApplicationFailure } from "@temporalio/workflow";
import type { StepOutline } from "../plan/steps.ts";
import type { BackupRecord, CheckRecord, ComponentRecord, RunRecord, StepRecord, Stretch } from "../report/record.ts";

/** Pure changes of the record: what a step's end means for it. */

export function newStep(outline: StepOutline, expectedSeconds: number | null): StepRecord {
  return {
    ...outline,
    status: "pending",
    startedAt: null,
    endedAt: null,
    attempts: 0,
    failures: [],
    decisions: [],
    stretches: [],
    carriedOver: false,
    expectedSeconds,
    note: null,
  };
}

export function finishedStep(step: StepRecord, attempts: Attempt[], at: string): void {
  addAttempts(step, attempts);
  Object.assign(step, { status: "done", endedAt: at });
}

export type StepDetails = Partial<FailureDetails> & { attempts: Attempt[] };

/** What comes with the failure of a step. */
export function detailsOf(error: unknown): StepDetails {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details = cause instanceof ApplicationFailure ? (cause.details?.[0] as Partial<StepDetails> | undefined) : {};
  return { attempts: [], ...details };
}

export function failedStep(step: StepRecord, failure: FailureText, { attempts }: StepDetails, at: string): void {
  addAttempts(step, attempts);
  step.failures.push({ ...failure, at });
}

/** Turns attempts into stretches of time; between a death and the next attempt the step was resuming. */
function addAttempts(step: StepRecord, attempts: Attempt[]): void {
  step.attempts += Math.max(attempts.length, 1);
  attempts.forEach((attempt, index) => {
    const before = attempts[index - 1];
    if (before !== undefined) step.stretches.push({ kind: "resuming", from: before.endedAt, to: attempt.startedAt });
    step.stretches.push(...stretchesOf(attempt));
  });
}

/** What a server did not answer cuts an attempt into pieces; the last one says how it ended. No two overlap. */
function stretchesOf({ startedAt, endedAt, outcome, unanswered = [] }: Attempt): Stretch[] {
  const pieces: Stretch[] = [];
  let at = startedAt;
  for (const { by, ...silence } of unanswered.toSorted((a, b) => a.from.localeCompare(b.from))) {
    const from = silence.from > at ? silence.from : at;
    const to = silence.to < endedAt ? silence.to : endedAt;
    if (from >= to) continue;
    pieces.push({ kind: "ran", from: at, to: from }, { kind: "unanswered", from, to, by });
    at = to;
  }
  return [...pieces, { kind: outcome, from: at, to: endedAt }];
}

/** Whether every check of a component was made and has passed. */
export function isProven(record: Pick<RunRecord, "components">, name: string): boolean {
  const checks = record.components.find((one) => one.name === name)?.checks ?? [];
  return checks.length > 0 && checks.every(({ proven, passed }) => proven && passed);
}

function component(record: RunRecord, name: string | null): ComponentRecord | undefined {
  return record.components.find((one) => one.name === name);
}

/** What a finished step says about its component; each result is told by the step it belongs to. */
export function noteResult(record: RunRecord, step: StepRecord, value: unknown): void {
  const about = component(record, step.component);
  step.note = (value as { note?: string } | null)?.note ?? null;
  if (about === undefined) return;
  const verb = step.id.split("/").slice(0, -1).join("/");
  if (verb === "preflight") about.target = (value as Inspection).target;
  else if (verb === "backup") about.backup = withoutExtras(value as BackupRecord);
  else if (verb === "backup/proof") noteNewest(about, value as Proof);
  else if (verb === "destroy/layer") for (const one of record.components) one.lostAt ??= (value as LayerLoss).lostAt;
  else if (verb === "rebuild/gitops") about.waits = [...about.waits, ...(value as Rebuilt).waits];
  else if (verb === "destroy") about.lostAt = (value as Loss).lostAt;
  else if (verb === "restore/control" || verb === "rebuild/control") noteControl(about, value as Control);
  else if (verb === "restore") noteRestored(about, value as Restored);
  else if (verb === "rebuild") about.waits = (value as Rebuilt).waits;
  else if (verb === "verify" || verb === "verify/place") noteVerification(record, about.name, value);
}

function withoutExtras({ id, completedAt, bytes, location, sha256 }: BackupRecord): BackupRecord {
  return { id, completedAt, bytes, location, sha256 };
}

/** What an audit has found; a run that proves a backup of its own knows it already. */
function noteNewest(about: ComponentRecord, { newest, verifiedAt }: Proof): void {
  if (newest === undefined) return;
  const { backup, takenAt, whole } = newest;
  Object.assign(about, {
    backup: withoutExtras(backup),
    newestRecoveredAt: takenAt,
    provenAt: whole ? verifiedAt : null,
  });
}

/** Until `verify` tells what each check found, its record holds only what the negative control said. */
function noteControl(about: ComponentRecord, control: Control): void {
  about.lostAt ??= control.lostAt;
  about.checks = control.checks.map(({ name, passed, found }) => ({
    name,
    title: name,
    proven: false,
    passed: false,
    exact: true,
    negativeControl: { passed, found },
    expected: "",
    found: "not asked yet",
  }));
}

function noteRestored(about: ComponentRecord, { backup, waits }: Restored): void {
  about.backup ??= withoutExtras(backup);
  about.waits = waits;
}

/** Takes over what checks found; one that passed while the data was lost proves nothing. */
export function noteVerification(record: RunRecord, name: string, value: unknown): void {
  const about = component(record, name);
  if (about === undefined) return;
  const { checks, newestRecoveredAt, verifiedAt, causes, downtimeSeconds } = value as Verification;
  const controls = new Map(about.checks.map((check) => [check.name, check.negativeControl]));
  const found = checks.map((check): CheckRecord => {
    const negativeControl = controls.get(check.name) ?? null;
    return { ...check, negativeControl, proven: check.proven && !(check.passed && negativeControl?.passed) };
  });
  const names = new Set(found.map((check) => check.name));
  about.checks = [...about.checks.filter((check) => !names.has(check.name)), ...found];
  about.newestRecoveredAt ??= newestRecoveredAt;
  // Those of a try before are mended.
  delete about.causes;
  Object.assign(about, { ...(causes && { causes }), ...(downtimeSeconds !== undefined && { downtimeSeconds }) });
  if (about.checks.every(({ passed, proven }) => passed || !proven) && checks.some(({ passed }) => passed))
    about.provenAt = verifiedAt;
}
