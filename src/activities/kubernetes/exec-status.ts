import { fail } from "../../failures.ts";
import { lastWords } from "../exec.ts";

/** How the API server tells the end of a program in a container. */
export interface ExecStatus {
  status: "Success" | "Failure";
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** @throws PROGRAM_MISSING, PROGRAM_FAILED where the program did not run, or did not end by itself */
export function exitCodeOf(
  { status, reason, message = "", details }: ExecStatus,
  place: string,
  program: string,
): number {
  if (status === "Success") return 0;
  const cause = details?.causes?.find((one) => one.reason === "ExitCode");
  if (reason === "NonZeroExitCode" && cause !== undefined) return Number(cause.message);
  if (/executable file not found|no such file or directory/.test(message))
    throw fail("PROGRAM_MISSING", `there is no program ${program} in ${place}`, "Its image has to bring it.");
  throw fail("PROGRAM_FAILED", `${program} could not run in ${place}: ${lastWords(message)}`);
}
