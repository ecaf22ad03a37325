import { type Command, InvalidArgumentError, Option } from "commander";
import { programName } from "./program-name.ts";

/** What commands have in common. */

/** Lines of a command, as they are typed. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${programName} ${line}`).join("\n")}`;
}

/** For what must not be left blank. */
export function notBlank(value: string): string {
  if (value.trim() !== "") return value;
  throw new InvalidArgumentError("It is empty.");
}

export function json(): Option {
  return new Option("--json", "print JSON and nothing else on stdout");
}

/** For an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Options of a command that destroys something. */
export function confirmed(command: Command): Command {
  return command
    .option("--yes", "do not ask; --target then says what may be destroyed")
    .option("--target <name>", "name of a component that is destroyed; repeat it for each", collect);
}

/** Sets the exit code of the program, which ends by itself. */
export function exit(code: number): void {
  process.exitCode = code;
}

export function port(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new InvalidArgumentError("Write a number from 1 to 65535, or 0 for any free one.");
}
