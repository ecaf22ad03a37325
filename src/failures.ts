import { ApplicationFailure, TemporalFailure } from "@temporalio/common";

/**
 * Every way in which a run can fail on purpose, with the exit code of `firedrill` and what a person can do.
 * A failure of this table is never retried by Temporal: it goes to the gate and waits for a decision.
 * Each type has an entry in docs/errors.md.
 */
export const failureTypes = {
  REQUEST_INVALID: { exitCode: 2, hint: "Compare the input with `firedrill exercise --help`." },
  PLAN_NOT_FOUND: { exitCode: 2, hint: "Put the plan into the plans directory of the worker, or correct its name." },
  PLAN_INVALID: { exitCode: 2, hint: "Correct the plan; `firedrill plan check FILE` shows all its errors." },
  CONFIG_INVALID: { exitCode: 2, hint: "Correct the worker's configuration file." },
  RECORD_INVALID: { exitCode: 2, hint: "Give the report.json that a worker of this version wrote for a run." },
  REFUSED: { exitCode: 3, hint: "Each refusal says what to do; nothing was destroyed." },
  ABORTED: { exitCode: 1, hint: "Read the failed step, mend its cause and start a new run." },
  NOT_PROVEN: { exitCode: 4, hint: "The report says which checks proved nothing, and why." },
  DRILL_FAILED: { exitCode: 1, hint: "The report says which checks failed, and why." },
  SECRET_MISSING: { exitCode: 2, hint: "Give the worker the environment variable or file that the plan names." },
  SYSTEM_UNREACHABLE: {
    exitCode: 6,
    hint: "Check that the server runs and that the worker may reach host and port; then retry.",
  },
  AUTHENTICATION_FAILED: { exitCode: 6, hint: "Check user and password (expired?), and pg_hba.conf; then retry." },
  PERMISSION_DENIED: {
    exitCode: 1,
    hint: "Give the user or the directory the rights that the message names; then retry.",
  },
  API_REFUSED: { exitCode: 1, hint: "The message is the API server's own: mend what it names; then retry." },
  UNSUPPORTED_VERSION: { exitCode: 1, hint: "Install client programs that are at least as new as the server." },
  PROGRAM_MISSING: { exitCode: 6, hint: "Install the program on the worker's host, or put it on the worker's PATH." },
  PROGRAM_FAILED: { exitCode: 1, hint: "Read the program's log in the run's directory, mend the cause and retry." },
  DISK_FULL: { exitCode: 1, hint: "Free space on the file system that the message names; then retry." },
  DATABASE_MISSING: { exitCode: 1, hint: "Check the name of the database in the plan." },
  TARGET_EXISTS: { exitCode: 1, hint: "Somebody made the target anew meanwhile: rename or remove it, then retry." },
  TARGET_GONE: {
    exitCode: 1,
    hint: "It vanished before this run destroyed it: find out who did that before you go on.",
  },
  IDENTITY_CHANGED: {
    exitCode: 3,
    hint: "This is not the server that was inspected: abort, and check host and port in the plan.",
  },
  PLAN_CHANGED: {
    exitCode: 3,
    hint: "Retry with `--reload` to go on by the changed plan, put it back and retry, or abort.",
  },
  NO_BACKUP: { exitCode: 1, hint: "Make a backup first: `firedrill backup PLAN`." },
  BACKUP_NOT_VERIFIED: {
    exitCode: 1,
    hint: "The backup cannot be relied on: retry makes the check again; abort destroys nothing.",
  },
  RECOVERY_FAILED: { exitCode: 1, hint: "Read the server's log that the message names; then retry or abort." },
  UNDER_RECOVERED: {
    exitCode: 1,
    hint: "WAL is missing or damaged in the repository: compare its archive with what the server had archived.",
  },
  NOT_RECOVERED: {
    exitCode: 1,
    hint: "Mend what the message names; retry then goes on watching. Abort reports what is missing.",
  },
  STATE_LOCKED: {
    exitCode: 1,
    hint: "Wait until whoever holds it is done, or find out that it is dead and release it; then retry.",
  },
  STATE_CHANGED: {
    exitCode: 3,
    hint: "Somebody works on the same infrastructure: abort, and start a new run once it has settled.",
  },
  NOT_DESTROYED: {
    exitCode: 1,
    hint: "Mend what the message names; retry then destroys the rest.",
  },
  NOT_BUILT: {
    exitCode: 1,
    hint: "Mend what the message names; retry then applies again.",
  },
  CHECKS_FAILED: {
    exitCode: 1,
    hint: "Retry checks again; skip puts it into place all the same (the verdict stays FAIL); abort keeps it beside.",
  },
  TIMED_OUT: { exitCode: 1, hint: "Look at what it was waiting for; then retry." },
  STATE_DAMAGED: {
    exitCode: 1,
    hint: "What the run knew is lost: abort, look at the target yourself, then start a new run.",
  },
  UNEXPECTED: { exitCode: 1, hint: "This is a defect of Firedrill: please report it with the worker's log." },
} as const;

export type FailureType = keyof typeof failureTypes;

/** What a failure carries besides its message. `hint` says what to do, as a sentence. */
export interface FailureDetails {
  hint: string;
  [fact: string]: unknown;
}

/**
 * Makes the failure that ends an attempt of a step; `throw` it.
 * @param message what is wrong, in lower case and without a full stop
 * @param hint what to do, when there is more to say than the table's own hint
 */
export function fail(type: FailureType, message: string, hint?: string, facts: Record<string, unknown> = {}) {
  const details: FailureDetails = { ...facts, hint: hint ?? failureTypes[type].hint };
  return withoutStack(ApplicationFailure.nonRetryable(message, type, details));
}

/** What a person can act on needs no stack, and a history shows no paths of the worker's host. */
export function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = "";
  return failure;
}

export function isFailureType(type: unknown): type is FailureType {
  return typeof type === "string" && type in failureTypes;
}

/** What a person needs to know of a failure. */
export interface FailureText {
  type: string;
  message: string;
  hint: string;
}

/** Unwraps what Temporal wraps around a failure; the causes of any other error are nobody's business. */
export function describeFailure(error: unknown): FailureText {
  let at: unknown = error;
  while (at instanceof Error && !(at instanceof ApplicationFailure) && at.cause instanceof TemporalFailure)
    at = at.cause;
  if (at instanceof ApplicationFailure) {
    const details = at.details?.[0] as Partial<FailureDetails> | undefined;
    const type = at.type ?? "UNEXPECTED";
    const known = isFailureType(type) ? failureTypes[type].hint : failureTypes.UNEXPECTED.hint;
    return { type, message: at.message, hint: details?.hint ?? known };
  }
  const message = at instanceof Error ? at.message : String(at);
  return { type: "UNEXPECTED", message, hint: failureTypes.UNEXPECTED.hint };
}
