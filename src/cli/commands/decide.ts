import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { describeFailure, fail, isFailureType } from "../../failures.ts";
import type { Action } from "../../report/record.ts";
import { shellWord } from "../../report/safe-text.ts";
import type { DecisionRequest } from "../../workflows/messages.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { withTemporal } from "../with-temporal.ts";

const answerWithinMs = 15_000;

/** Makes of a refused or lost update what a person needs to know. */
function translate(error: unknown, run: string): unknown {
  if (error instanceof WorkflowNotFoundError) {
    const hint = `Look at it, or at the newest run: ${programName} status`;
    return fail("REQUEST_INVALID", `run ${run} cannot take a decision: ${error.message}`, hint);
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const hint = `Start a worker (${programName} worker) and look with \`${programName} status ${shellWord(run)}\` before you decide again.`;
    return fail("SYSTEM_UNREACHABLE", `no worker took the decision within ${answerWithinMs / 1000} s`, hint);
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const { type, message } = describeFailure(error);
    const hint = `See what the run waits for: ${programName} status ${shellWord(run)}`;
    return isFailureType(type) && type !== "UNEXPECTED"
      ? fail(type, message, hint)
      : fail("REQUEST_INVALID", message, hint);
  }
  return error;
}

interface DecideOptions {
  by?: string;
  reason: string;
  /** Number of the failure that it answers: the run refuses it once the step has failed again. */
  failure?: number;
  json?: boolean;
}

/** Answers a step that waits. Throws REQUEST_INVALID with the run's own words when it refuses the decision. */
export async function decide(
  action: Action,
  run: string,
  step: string,
  { by, reason, failure, json }: DecideOptions,
): Promise<number> {
  const decision: DecisionRequest = { step, action, by: personName(by), reason, failureNo: failure };
  const answer = await withTemporal((client) =>
    client.withDeadline(Date.now() + answerWithinMs, () =>
      client.workflow.getHandle(run).executeUpdate<unknown, [DecisionRequest]>("decide", { args: [decision] }),
    ),
  ).catch((error: unknown) => {
    throw translate(error, run);
  });
  if (json === true) printJson(answer);
  else print(`${action} ${step}: taken\nfollow it: ${programName} status ${shellWord(run)} --watch`);
  return exitCodes.done;
}
