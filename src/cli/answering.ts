import type { RunRecord, StepRecord } from "../report/record.ts";
import type { Action } from "../report/people.ts";

/** How a person answers a step by keys: a key, which step, why, yes. Pure; keyboard and run are in answer-keys.ts. */

/** One keystroke: what it is called, and the text that it types. */
export interface Key {
  name: string;
  text: string;
}

interface Answer {
  action: Action;
  step: string;
  /** The failure that the person sees: a later one is not answered. Undefined for an approval. */
  failureNo: number | undefined;
}

export type Answering =
  | { stage: "idle" }
  | { stage: "step"; action: Action }
  | { stage: "reason"; answer: Answer; reason: string }
  /** `shown`: what is pasted cannot say yes to a question that nobody has seen. */
  | { stage: "confirm"; answer: Answer; reason: string; shown: boolean }
  | { stage: "sending"; answer: Answer; reason: string }
  | { stage: "told"; good: boolean; message: string; hint?: string };

export const idle: Answering = { stage: "idle" };

const keysOf: Record<Action, string> = { retry: "r", skip: "s", abort: "a" };
const longestReason = 400;

/** What may be answered to a step that waits. */
export function actionsOf({ phase, skippable }: StepRecord): Action[] {
  if (phase === "approve") return ["abort"];
  return skippable ? ["retry", "skip", "abort"] : ["retry", "abort"];
}

/** Steps that an action answers, in the order in which the view shows them. */
export function answerable(record: RunRecord, action: Action): StepRecord[] {
  return record.steps.filter((step) => step.status === "waiting" && actionsOf(step).includes(action));
}

/** Actions that some step waits for, with their keys. */
export function offered(record: RunRecord): { action: Action; key: string }[] {
  const actions = Object.keys(keysOf) as Action[];
  return actions
    .filter((action) => answerable(record, action).length > 0)
    .map((action) => ({ action, key: keysOf[action] }));
}

function begun(action: Action, { id, phase, failures }: StepRecord): Answering {
  const failureNo = phase === "approve" ? undefined : failures.length;
  return { stage: "reason", answer: { action, step: id, failureNo }, reason: "" };
}

/** What comes of a keystroke. */
export function press(state: Answering, key: Key, record: RunRecord): Answering {
  if (state.stage === "sending") return state;
  if (key.name === "escape" && state.stage !== "idle") return idle;
  // Who was interrupted goes on typing for a moment: no letter of that may begin another answer.
  if (state.stage === "told" && !state.good) return key.name === "return" ? idle : state;
  if (state.stage === "step") {
    const step = answerable(record, state.action)[Number(key.text) - 1];
    return step === undefined ? state : begun(state.action, step);
  }
  if (state.stage === "reason") return { ...state, ...typed(state, key) };
  if (state.stage === "confirm") return state.shown && key.text === "y" ? { ...state, stage: "sending" } : state;
  const action = offered(record).find((one) => one.key === key.text)?.action;
  if (action === undefined) return idle;
  const steps = answerable(record, action);
  return steps.length === 1 ? begun(action, steps[0]!) : { stage: "step", action };
}

function typed({ answer, reason }: { answer: Answer; reason: string }, { name, text }: Key): Answering {
  if (name === "return" && reason.trim() !== "")
    return { stage: "confirm", answer, reason: reason.trim(), shown: false };
  if (name === "backspace") return { stage: "reason", answer, reason: reason.replace(/.$/su, "") };
  if (name === "clear") return { stage: "reason", answer, reason: "" };
  return { stage: "reason", answer, reason: (reason + text).slice(0, longestReason) };
}

/** Ends what somebody else has answered meanwhile, or what has failed once more. */
export function stillAsked(state: Answering, record: RunRecord): Answering {
  if (state.stage !== "reason" && state.stage !== "confirm") return state;
  const { action, step, failureNo } = state.answer;
  const asked = answerable(record, action).find(({ id }) => id === step);
  if (asked !== undefined && (failureNo === undefined || asked.failures.length === failureNo)) return state;
  return { stage: "told", good: false, message: `${step} does not wait for this answer any more` };
}
