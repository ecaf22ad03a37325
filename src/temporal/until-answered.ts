import { isGrpcCancelledError, isGrpcDeadlineError, isGrpcServiceError, isRetryableError } from "@temporalio/client";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../failures.ts";

const againAfterMs = 1_000;

/**
 * Asks the Temporal server until it answers: it may be down for longer than the SDK tries by itself, and that is no failure
 * of who asks.
 * @param waiting is told each time that it does not answer
 * @throws SYSTEM_UNREACHABLE when asking again is of no use, such as with bad credentials; what `signal` is aborted with
 */
export async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal, waiting: () => void): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      if (!isGrpcServiceError(cause)) throw error;
      if (!isRetryableError(cause) && !isGrpcDeadlineError(cause) && !isGrpcCancelledError(cause))
        throw noAnswer(cause);
      waiting();
    }
    await sleep(againAfterMs, undefined, { signal });
  }
}

function noAnswer({ details }: { details: string }): Error {
  const hint = "Check that the worker's credentials may describe and list workflows of its namespace; then retry.";
  return fail("SYSTEM_UNREACHABLE", `the Temporal server does not answer (${details})`, hint);
}
