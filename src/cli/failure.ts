import { CommanderError } from "commander";
import { printFailure, printJson, note } from "./console.ts";
import type { FailureType } from "../failures.ts";
import { exitCodes, leftUnanswered } from "./outcome.ts";

/**
 * Prints a failure once and gives the exit code. Unknown errors are defects and keep their stack.
 * @param json prints it as JSON as well, where the result would have stood
 */
export async function reportFailure(error: unknown, json = false): Promise<number> {
  // Commander has printed its own failures already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  // Its farewell has been said.
  if (error === leftUnanswered) return exitCodes.left;
  const { redact } = await import("../redaction.ts");
  const { describeFailure, failureTypes, isFailureType } = await import("../failures.ts");
  const failure = describeFailure(error);
  if (isFailureType(failure.type) && failure.type !== "UNEXPECTED") {
    return say({ type: failure.type, message: redact(failure.message), hint: redact(failure.hint) });
  }
  note(redact(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  const hint = "Please report it with the lines above.";
  return say({ type: "UNEXPECTED", message: "this is a defect of Firedrill", hint });

  function say(told: { type: FailureType; message: string; hint: string }): number {
    printFailure(told);
    if (json) printJson({ error: told });
    return failureTypes[told.type].exitCode;
  }
}
