import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from "@temporalio/client";
import { describeFailure, fail, failureTypes, isFailureType } from "../failures.ts";
import { shellWord } from "../report/safe-text.ts";
import { isReservedId } from "../lock-names.ts";
import { describeRun, noSuchRun } from "./observe.ts";
import { programName } from "./program-name.ts";

const answerWithinMs = 15_000;

/** Makes of a refused or lost update what a person needs to know. */
function translate(error: unknown, run: string): unknown {
  if (error instanceof WorkflowNotFoundError && /not found/.test(error.message)) return noSuchRun(run);
  if (error instanceof WorkflowNotFoundError) {
    const hint = `See how it ended: ${programName} status ${shellWord(run)}`;
    return fail("REQUEST_INVALID", `run ${run} cannot be told anything: it has ended`, hint);
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const hint = `Start a worker (${programName} worker) and look with \`${programName} status ${shellWord(run)}\` before you say it again.`;
    return fail("SYSTEM_UNREACHABLE", `no worker answered within ${answerWithinMs / 1000} s`, hint);
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const { type, message, hint: own } = describeFailure(error);
    const known = isFailureType(type) && type !== "UNEXPECTED" ? type : "REQUEST_INVALID";
    const usual = isFailureType(type) && own === failureTypes[type].hint;
    const hint = `See what the run waits for: ${programName} status ${shellWord(run)}`;
    return fail(known, message, usual ? hint : own.replace(/\bRUN$/, shellWord(run)));
  }
  return error;
}

/** Sends an update to a run and returns its answer. Throws REQUEST_INVALID or REFUSED in the run's own words, SYSTEM_UNREACHABLE. */
export async function tellRun<T>(client: Client, run: string, update: string, argument: object): Promise<T> {
  const handle = client.workflow.getHandle(run);
  // Says what it is instead.
  if (isReservedId(run)) await describeRun(client, handle);
  try {
    return await client.withDeadline(Date.now() + answerWithinMs, () =>
      handle.executeUpdate<T, [object]>(update, { args: [argument] }),
    );
  } catch (error) {
    throw translate(error, run);
  }
}
