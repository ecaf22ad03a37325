import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import { fail } from "../failures.ts";
import type { Action, RunRecord } from "../report/record.ts";

/** A person's answer to a failed step. */
export interface DecisionRequest {
  step: string;
  action: Action;
  by: string;
  reason: string;
  /** How often the step had failed when the person looked; a decision on an older failure is refused. */
  failureNo?: number;
}

/** `temporal workflow query --type record` */
export const recordQuery = defineQuery<RunRecord>("record");
/** `temporal workflow update execute --name decide`: answered at once, refused with a reason. */
export const decideUpdate = defineUpdate<{ step: string; action: Action }, [DecisionRequest]>("decide");
/** The same for `temporal workflow signal --name decide`; one that does not fit is ignored and shown in the details. */
export const decideSignal = defineSignal<[DecisionRequest]>("decide");

/** What a decision is checked against. */
export interface Waiting {
  step: string;
  failureNo: number;
  skippable: boolean;
}

const keys = ["step", "action", "by", "reason", "failureNo"];

/** Checks a decision by what waits now; pure and synchronous, as an update's validator must be. @throws REQUEST_INVALID */
export function checkDecision(input: unknown, waiting: Waiting[]): Waiting {
  const refuse = (message: string, hint?: string) => fail("REQUEST_INVALID", message, hint);
  const { step, action, by, reason, failureNo } = (input ?? {}) as Partial<Record<string, unknown>>;
  const unknown = Object.keys(input ?? {}).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw refuse(`unknown key "${unknown}" in the decision; known are ${keys.join(", ")}`);
  if (action !== "retry" && action !== "skip" && action !== "abort")
    throw refuse(`${JSON.stringify(action)} is no action; write retry, skip or abort`);
  for (const [key, value] of Object.entries({ step, by, reason })) {
    if (typeof value !== "string" || value.trim() === "") throw refuse(`the decision lacks "${key}"`);
  }
  const names = waiting.map((one) => one.step).join(", ");
  const found = waiting.find((one) => one.step === step);
  if (found === undefined)
    throw refuse(`step ${step as string} is not waiting; ${names === "" ? "nothing is" : `waiting: ${names}`}`);
  if (failureNo !== undefined && failureNo !== found.failureNo) {
    throw refuse(
      `the decision answers failure ${JSON.stringify(failureNo)} of ${found.step}, which has failed ${found.failureNo} times by now`,
    );
  }
  if (action === "skip" && !found.skippable) throw refuse(`step ${found.step} cannot be skipped; retry or abort`);
  return found;
}
