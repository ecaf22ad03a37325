import { execa, ExecaError } from "execa";
import { userInfo } from "node:os";
import { fail } from "../failures.ts";
import { redact } from "../redaction.ts";
import { withoutRowValues } from "./postgres/row-values.ts";
import { programEnvironment } from "./program-environment.ts";

export interface Program {
  /** Program and arguments; never a shell string, never a secret. */
  argv: string[];
  /** What it needs on top of programEnvironment. */
  env?: Record<string, string>;
  /** Operating-system user to run as, where it is not the worker's own. Needs root. */
  osUser?: string | undefined;
  /** Where it runs; the root directory otherwise. */
  cwd?: string;
  /** Milliseconds, 60 s unless told. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface ProgramEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The command line that runs a program as another user. `runuser` is in util-linux and needs no password from root. */
export function asUser(argv: string[], osUser: string | undefined): string[] {
  if (osUser === undefined || osUser === userInfo().username) return argv;
  return ["runuser", "-u", osUser, "--", ...argv];
}

/**
 * Runs a short program and returns how it ended, whatever its exit code.
 * @throws PROGRAM_MISSING, TIMED_OUT
 */
export async function runProgram(program: Program): Promise<ProgramEnd> {
  const [file = "", ...args] = asUser(program.argv, program.osUser);
  const name = program.argv[0] ?? "";
  try {
    const end = await execa(file, args, {
      cwd: program.cwd ?? "/",
      env: programEnvironment(program.env),
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      timeout: program.timeoutMs ?? 60_000,
      ...(program.signal && { cancelSignal: program.signal }),
    });
    if (end.timedOut) throw fail("TIMED_OUT", `${name} did not end in time`);
    if (end.exitCode === undefined) throw end;
    // So runuser says that its user finds no such program, or none that may be run; it is there itself.
    if (end.stderr.startsWith("runuser: failed to execute ")) throw programMissing(name);
    return { exitCode: end.exitCode, stdout: end.stdout, stderr: redact(end.stderr) };
  } catch (error) {
    if (error instanceof ExecaError && error.code === "ENOENT") throw programMissing(name);
    throw error;
  }
}

export function programMissing(name: string) {
  return fail("PROGRAM_MISSING", `the program ${name} is not installed on the worker's host`);
}

/** Runs a short program that must succeed, and returns its standard output. @throws PROGRAM_FAILED with its last words */
export async function output(program: Program): Promise<string> {
  const end = await runProgram(program);
  if (end.exitCode === 0) return end.stdout;
  throw fail(
    "PROGRAM_FAILED",
    `${program.argv[0]} ended with exit code ${end.exitCode}: ${lastWords(end.stderr || end.stdout)}`,
  );
}

/**
 * The last lines of a program's output, short enough for a failure message, and without values of rows. pgBackRest's hints
 * come last, and say little without the error that they belong to.
 */
export function lastWords(text: string, lines = 3): string {
  const all = withoutRowValues(redact(text)).trim().split("\n");
  const telling = all.filter((line) => !/^\s*HINT: /.test(line));
  return (telling.length > 0 ? telling : all).slice(-lines).join(" | ").slice(-600);
}
