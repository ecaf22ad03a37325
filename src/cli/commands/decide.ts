import { reloadText } from "../../report/events.ts";
import type { Action } from "../../report/people.ts";
import { shellWord } from "../../report/safe-text.ts";
import type { Answer, DecisionRequest } from "../../workflows/messages.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { tellRun } from "../tell-run.ts";
import { withTemporal } from "../with-temporal.ts";

interface DecideOptions {
  by?: string;
  reason: string;
  /** Number of the failure that it answers: the run refuses it once the step has failed again. */
  failure?: number;
  reload?: boolean;
  json?: boolean;
}

/** Answers a step that waits. Throws REQUEST_INVALID with the run's own words when it refuses the decision. */
export async function decide(
  action: Action,
  run: string,
  step: string,
  { by, reason, failure, reload, json }: DecideOptions,
): Promise<number> {
  const decision: DecisionRequest = { step, action, by: personName(by), reason, failureNo: failure, reload };
  const answer = await withTemporal((client) => tellRun<Answer>(client, run, "decide", decision));
  if (json === true) printJson(answer);
  else {
    const read = answer.reloaded === undefined ? "" : `, ${reloadText(answer.reloaded)}`;
    print(`${action} ${step}: taken${read}\nfollow it: ${programName} status ${shellWord(run)} --watch`);
  }
  return exitCodes.done;
}
