import { CommanderError } from "commander";
import { printFailure, note } from "./console.ts";
import { exitCodes, leftUnanswered } from "./outcome.ts";

/** Prints a failure once and gives the exit code. Unknown errors are defects and keep their stack. */
export async function reportFailure(error: unknown): Promise<number> {
  // Commander has printed its own failures already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  // Its farewell has been said.
  if (error === leftUnanswered) return exitCodes.left;
  const { redact } = await import("../redaction.ts");
  const { describeFailure, failureTypes, isFailureType } = await import("../failures.ts");
  const failure = describeFailure(error);
  if (isFailureType(failure.type) && failure.type !== "UNEXPECTED") {
    printFailure({ message: redact(failure.message), hint: redact(failure.hint) });
    return failureTypes[failure.type].exitCode;
  }
  note(redact(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  printFailure({ message: "this is a defect of Firedrill", hint: "Please report it with the lines above." });
  return failureTypes.UNEXPECTED.exitCode;
}
