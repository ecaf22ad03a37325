import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import { fail } from "../failures.ts";
import type { ApprovalRequest } from "../report/approvals.ts";
import type { Pause, Reload } from "../report/people.ts";
import type { RunRecord } from "../report/record.ts";
import type { Action } from "../report/people.ts";

/** A person's answer to a failed step. */
export interface DecisionRequest {
  step: string;
  action: Action;
  by: string;
  reason: string;
  /** How often the step had failed when the person looked; a decision on an older failure is refused. */
  failureNo?: number;
  /** Retry by the plan as it is now, where that contradicts nothing that is done. */
  reload?: boolean;
}

/** What a decision is answered with. */
export interface Answer {
  step: string;
  action: Action;
  /** The plan that was read again. */
  reloaded?: Reload;
}

/** Who pauses a run, or lets it go on, and why. */
export interface PauseRequest {
  by: string;
  reason: string;
}

/** `temporal workflow query --type record` */
export const recordQuery = defineQuery<RunRecord>("record");
/** `temporal workflow update execute --name decide`: answered at once, refused with a reason. */
export const decideUpdate = defineUpdate<Answer, [DecisionRequest]>("decide");
/** `temporal workflow update execute --name pause`: no further step begins. Answered with the pause. */
export const pauseUpdate = defineUpdate<Pause, [PauseRequest]>("pause");
export const pauseSignal = defineSignal<[PauseRequest]>("pause");
/** `temporal workflow update execute --name unpause`: the run goes on. Answered with the pause that has ended. */
export const unpauseUpdate = defineUpdate<Pause, [PauseRequest]>("unpause");
export const unpauseSignal = defineSignal<[PauseRequest]>("unpause");
/** `temporal workflow update execute --name approve`: answered at once, refused with a reason. */
export const approveUpdate = defineUpdate<{ approvedBy: string[]; needed: number }, [ApprovalRequest]>("approve");
/** The same for `temporal workflow signal --name approve`; one that does not count is shown in the record. */
export const approveSignal = defineSignal<[ApprovalRequest]>("approve");
/** The same as decide for `temporal workflow signal --name decide`; one that does not fit is ignored and shown in the details. */
export const decideSignal = defineSignal<[DecisionRequest]>("decide");

/** What a decision is checked against. */
export interface Waiting {
  step: string;
  failureNo: number;
  actions: Action[];
}

const toStop =
  "A step that runs is stopped with its whole run, which then cleans up: temporal workflow cancel --workflow-id RUN";

const keys = ["step", "action", "by", "reason", "failureNo", "reload"];

/** Checks a decision by what waits now; pure and synchronous, as an update's validator must be. @throws REQUEST_INVALID */
export function checkDecision(input: unknown, waiting: Waiting[]): Waiting {
  const refuse = (message: string, hint?: string) => fail("REQUEST_INVALID", message, hint);
  const { step, action, by, reason, failureNo, reload } = (input ?? {}) as Partial<Record<string, unknown>>;
  const unknown = Object.keys(input ?? {}).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw refuse(`unknown key "${unknown}" in the decision; known are ${keys.join(", ")}`);
  if (action !== "retry" && action !== "skip" && action !== "abort")
    throw refuse(`${JSON.stringify(action)} is no action; write retry, skip or abort`);
  for (const [key, value] of Object.entries({ step, by, reason })) {
    if (typeof value !== "string" || value.trim() === "") throw refuse(`the decision lacks "${key}"`);
  }
  if (reload !== undefined && (typeof reload !== "boolean" || (reload && action !== "retry")))
    throw refuse(`"reload" goes with retry, and is true or false`);
  const names = waiting.map((one) => one.step).join(", ");
  const found = waiting.find((one) => one.step === step);
  if (found === undefined)
    throw refuse(
      `step ${step as string} is not waiting; ${names === "" ? "nothing is" : `waiting: ${names}`}`,
      action === "abort" ? toStop : undefined,
    );
  if (failureNo !== undefined && failureNo !== found.failureNo) {
    throw refuse(
      `the decision answers failure ${JSON.stringify(failureNo)} of ${found.step}, which has failed ${found.failureNo} times by now`,
    );
  }
  if (!found.actions.includes(action)) {
    const done = action === "retry" ? "retried" : "skipped";
    throw refuse(`step ${found.step} cannot be ${done}; ${found.actions.join(" or ")}`);
  }
  return found;
}

/** Checks the form of a message that says who and why. @param more other keys that it may have @throws REQUEST_INVALID */
export function checkPerson(what: string, input: unknown, more: string[] = []): void {
  const refuse = (message: string) => fail("REQUEST_INVALID", message);
  const known = ["by", "reason", ...more];
  const unknown = Object.keys(input ?? {}).find((key) => !known.includes(key));
  if (unknown !== undefined) throw refuse(`unknown key "${unknown}" in the ${what}; known are ${known.join(", ")}`);
  const { by, reason } = (input ?? {}) as Partial<Record<string, unknown>>;
  for (const [key, value] of Object.entries({ by, reason })) {
    if (typeof value !== "string" || value.trim() === "") throw refuse(`the ${what} lacks "${key}"`);
    if (value.length > 500) throw refuse(`"${key}" is longer than 500 characters`);
  }
}
