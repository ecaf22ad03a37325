import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { lastWords, type ProgramEnd, runProgram } from "../exec.ts";
import { type LongEnd, longFailure, runLong, tail } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";

/** The oldest pgBackRest whose `verify` says what it counted; annotations came with 2.41. */
const oldest = [2, 45] as const;

/**
 * The command line of pgBackRest. Configuration and stanza are always written out: restore_command is made of what stands
 * on the command line, and without them PostgreSQL would read another repository, or none.
 */
function commandLine(component: PgBackRestComponent, command: string, args: string[], consoleLevel: string): string[] {
  const where = [`--config=${component.config}`, `--stanza=${component.stanza}`];
  return ["pgbackrest", command, ...where, `--log-level-console=${consoleLevel}`, "--log-level-stderr=warn", ...args];
}

/** Runs a short command and returns how it ended. Exit code 0 proves nothing: look at what it says. */
export async function backrest(
  component: PgBackRestComponent,
  command: string,
  args: string[] = [],
  timeoutMs = 120_000,
): Promise<ProgramEnd> {
  const argv = commandLine(component, command, args, "off");
  return await runProgram({ argv, osUser: component.osUser, timeoutMs });
}

export interface LongCommand {
  command: string;
  args: string[];
  /** Name of the job, unique in the step; the same name adopts what an earlier attempt started. */
  name?: string;
  prepare?: () => Promise<void>;
  /** Off where standard output is read afterwards; with details otherwise, for the progress. */
  consoleLevel?: "off" | "detail";
}

/** Runs a long command under a supervisor; see runLong. Progress is the percentage of pgBackRest's own lines. */
export async function backrestLong(
  component: PgBackRestComponent,
  context: StepContext,
  long: LongCommand,
): Promise<LongEnd> {
  const { command, args, name = command, prepare, consoleLevel = "detail" } = long;
  return await runLong(context, `${name}.${component.name}`, {
    argv: commandLine(component, command, args, consoleLevel),
    osUser: component.osUser,
    progress: (line) => percentOf(command, line),
    ...(prepare && { prepare }),
  });
}

/** "P01 DETAIL: restore file /data/base/1/1 (31MB, 45.32%) checksum …" → "restore 45 %". */
export function percentOf(command: string, line: string): string | undefined {
  const percent = Number(/\((?:[^()]*, )?(\d+(?:\.\d+)?)%\)/.exec(line)?.[1]);
  return percent <= 100 ? `${command} ${Math.floor(percent)} %` : undefined;
}

/** The failure of a short command that ended badly. Exit codes: pgBackRest, build/error.yaml. */
export function backrestFailure(command: string, end: ProgramEnd) {
  return failureOf(command, end.exitCode, lastWords(end.stderr || end.stdout));
}

/** The last words of a long command: one may end well and complain all the same. */
export async function wordsOf(end: LongEnd): Promise<string> {
  return lastWords((await tail(end.stderr)) || (await tail(end.stdout)));
}

/** The failure of a long command that ended badly. */
export async function backrestLongFailure(command: string, end: LongEnd) {
  const failure = await longFailure(`pgbackrest ${command}`, end);
  return end.exitCode === null ? failure : failureOf(command, end.exitCode, failure.message, end.stderr);
}

function failureOf(command: string, exitCode: number, words: string, log?: string) {
  const message = words.startsWith("pgbackrest")
    ? words
    : `pgbackrest ${command} ended with exit code ${exitCode}: ${words}`;
  const where = log === undefined ? "" : ` Its whole output is in ${log} on the worker's host.`;
  if (exitCode === 50)
    return fail("PROGRAM_FAILED", message, "Another pgBackRest holds the lock: let it end; then retry.");
  if (exitCode === 82)
    return fail("PROGRAM_FAILED", message, "WAL does not reach the repository: see archive_command.");
  if (exitCode === 87) return fail("PROGRAM_FAILED", message, "Set archive_mode to on and restart the server.");
  if (exitCode === 64) return fail("DISK_FULL", message);
  if (exitCode === 49 || exitCode === 56) return fail("SYSTEM_UNREACHABLE", message);
  if (exitCode === 55 && command !== "restore") {
    return fail("NO_BACKUP", message, "Has `pgbackrest stanza-create` been run?");
  }
  return fail("PROGRAM_FAILED", message, `Mend what it says; then retry.${where}`);
}

/** @throws PROGRAM_MISSING, PROGRAM_FAILED, UNSUPPORTED_VERSION */
export async function backrestVersion({ osUser }: PgBackRestComponent): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram({ argv: ["pgbackrest", "version"], osUser });
  if (exitCode !== 0) throw fail("PROGRAM_FAILED", `pgbackrest does not tell its version: ${lastWords(stderr)}`);
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  const old = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
  if (old) {
    throw fail(
      "UNSUPPORTED_VERSION",
      `${stdout.trim() || "pgbackrest"} is too old`,
      `Install ${oldest.join(".")} or newer.`,
    );
  }
  return `${major}.${minor}`;
}
