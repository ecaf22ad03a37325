import { isGrpcServiceError } from "@temporalio/client";
import { fail } from "../failures.ts";

/** The status codes of gRPC by which a server answers a call that it does not do. The SDK does not export them. */
const meanings: Partial<Record<number, "invalid" | "silent" | "denied">> = {
  3: "invalid", // invalid argument
  4: "silent", // deadline exceeded
  7: "denied", // permission denied
  14: "silent", // unavailable
  16: "denied", // unauthenticated
};

/**
 * Makes of an answer of the Temporal server what a person can act on: REQUEST_INVALID for what it does not take,
 * AUTHENTICATION_FAILED for what the credentials do not allow, SYSTEM_UNREACHABLE when it went away meanwhile.
 * Other errors stay what they are.
 */
export function serverFailure(error: unknown): unknown {
  const status = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (!isGrpcServiceError(status)) return error;
  const { details } = status;
  const meaning = meanings[status.code];
  if (meaning === "invalid")
    return fail("REQUEST_INVALID", `the Temporal server does not take it: ${details}`, "Correct it.");
  if (meaning === "denied")
    return fail(
      "AUTHENTICATION_FAILED",
      `the Temporal server does not allow it (${details})`,
      "Use credentials that may do that: TEMPORAL_API_KEY, the client certificate or the profile file.",
    );
  if (meaning === undefined) return error;
  const hint = "Try it again when the server is back, and look first what has become of the run.";
  return fail("SYSTEM_UNREACHABLE", `the Temporal server does not answer any more (${details})`, hint);
}
