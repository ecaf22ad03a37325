import { ApplicationFailure } from "@temporalio/common";
import type { Ear } from "../unanswered.ts";
import type { Connection } from "./connection.ts";

/** A connection of which somebody hears whether the API server answers. Any answer is one, also that it is not ready yet. */
export function heard(connection: Connection, ear: Ear): Connection {
  return {
    ...connection,
    async send(question) {
      const askedAt = Date.now();
      try {
        const response = await connection.send(question);
        ear.answered(askedAt);
        return response;
      } catch (error) {
        if (isSilence(error, question.signal)) ear.unanswered(askedAt);
        throw error;
      }
    },
  };
}

/** Who gives up because it is not asked for any more has not waited in vain; without credentials nothing was asked. */
function isSilence(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof ApplicationFailure) return false;
  return !signal.aborted || (signal.reason as Error | undefined)?.name === "TimeoutError";
}
