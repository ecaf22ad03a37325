import { WorkflowFailedError, type WorkflowHandle } from "@temporalio/client";
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from "@temporalio/common";
import { describeFailure, failureTypes, type FailureText } from "../failures.ts";
import type { RunRecord } from "../report/record.ts";
import { shellWord } from "../report/safe-text.ts";
import { programName } from "./program-name.ts";

/** How a closed run ended, as far as the server knows without a worker. */
export interface Ending {
  /** What the workflow returned, null when it failed. */
  result: unknown;
  failure: FailureText | null;
}

function textOf({ cause, message }: WorkflowFailedError, workflowId: string): FailureText {
  const resume = `${programName} resume ${shellWord(workflowId)} --reason "…"`;
  const again = `Go on with it (${resume}), or start a new run, when the reason is gone.`;
  if (cause instanceof CancelledFailure) return { type: "ABORTED", message: "the run was cancelled", hint: again };
  if (cause instanceof TerminatedFailure) {
    const hint = `A worker on the run's host cleans up within seconds and says in report.md what it found. ${again}`;
    return { type: "ABORTED", message: `the run was terminated: ${cause.message}`, hint };
  }
  if (cause instanceof TimeoutFailure) return { type: "TIMED_OUT", message: "the run timed out", hint: again };
  return describeFailure(cause ?? new Error(message));
}

/** Waits until the run has closed. */
export async function endingOf(handle: WorkflowHandle): Promise<Ending> {
  try {
    return { result: await handle.result(), failure: null };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { result: null, failure: textOf(error, handle.workflowId) };
    throw error;
  }
}

/** Whether a run has read its plan. One that has closed before that has nothing to tell but how it ended. */
export function hasBegun({ directory }: RunRecord): boolean {
  return directory !== "";
}

/** The failure of a run that left no record, to be thrown. */
export function failureFrom(failure: FailureText | null): ApplicationFailure {
  const { type, message, hint } = failure ?? {
    type: "UNEXPECTED",
    message: "the run left no record",
    hint: failureTypes.UNEXPECTED.hint,
  };
  return ApplicationFailure.nonRetryable(message, type, { hint });
}
