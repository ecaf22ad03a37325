import { readdir, stat } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { lastWords, runProgram } from "../exec.ts";
import { readJson } from "../files.ts";
import { isGroupAlive, type Job, jobEnd, jobState } from "../jobs/job.ts";
import { tail } from "../jobs/run-job.ts";
import { isAlive, type ProcessIdentity } from "../process-identity.ts";
import { rest } from "../rest.ts";
import { runIds, runDirectory } from "../run-directory.ts";
import type { StepContext } from "../step.ts";
import { type Diagnostic, hadLock } from "./messages.ts";
import { argvOf, environmentOf } from "./program.ts";

/** Who holds the lock of a state, as the program that did not get it says. */
export interface LockInfo {
  id: string;
  who: string;
  operation: string;
  /** As it is written; a date of Go. */
  created: string;
}

/** The lock that kept a program from its work, if that is why it failed. */
export function lockIn(errors: Diagnostic[]): LockInfo | undefined {
  const error = errors.find(({ summary }) => summary === "Error acquiring the state lock");
  if (error === undefined) return undefined;
  const field = (name: string) => new RegExp(`^ *${name}: *(\\S.*?) *$`, "m").exec(error.detail)?.[1] ?? "";
  return { id: field("ID"), who: field("Who"), operation: field("Operation"), created: field("Created") };
}

/** "2026-11-28 03:29:03.7876 +0000 UTC" in milliseconds; NaN when it is something else. */
export function createdAt({ created }: LockInfo): number {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* \+0000 UTC$/.exec(created) ?? [];
  return Date.parse(`${day}T${time}Z`);
}

/**
 * Releases a lock that a program of this worker left when it was killed: same user and host, taken while that program
 * worked on this directory, which is dead by now with all that it had started, and had really got the lock.
 * @param directory of the unit whose state is locked
 * @param ranIn directory in which the program was started, where it worked on several units
 * @throws STATE_LOCKED when it is somebody else's, or not certainly ours
 */
export async function releaseOwn(
  lock: LockInfo,
  layer: StateLayer,
  directory: string,
  context: StepContext,
  ranIn = directory,
): Promise<void> {
  const { id, who, created, operation } = lock;
  const what = `the state of ${directory} is locked by ${who || "somebody"} since ${created || "some time"} (${operation || "some operation"}, ID ${id || "not told"})`;
  const release = `If it is dead: ${argvOf(layer, directory, ["force-unlock", id]).join(" ")}`;
  if (id === "") throw fail("STATE_LOCKED", what);
  if (who !== `${userInfo().username}@${hostname()}` || !(await isOfDeadJob(lock, ranIn, context)))
    throw fail("STATE_LOCKED", what, `Wait until it is done; then retry. ${release}`);
  const argv = argvOf(layer, directory, ["force-unlock", "-force", id]);
  const end = await runProgram({ argv, env: await environmentOf(layer), signal: context.signal });
  if (end.exitCode !== 0)
    throw fail(
      "STATE_LOCKED",
      `${what}; it is ours, but could not be released: ${lastWords(end.stderr || end.stdout)}`,
      `Release it yourself; then retry. ${release}`,
    );
  context.progress(`released lock ${id}, which a dead program of ours had left`);
}

/** Of any run of this worker: the one before may have been terminated. */
async function isOfDeadJob(lock: LockInfo, ranIn: string, { config, signal }: StepContext): Promise<boolean> {
  const at = createdAt(lock);
  for (const run of await runIds(config)) {
    const jobs = join(runDirectory(config, run), "jobs");
    for (const name of await readdir(jobs).catch(() => [])) {
      if (await leftLock(join(jobs, name), ranIn, at, signal)) return true;
    }
  }
  return false;
}

/** The clocks of a file system and of a program differ a little. */
const toleranceMs = 1_000;

/** What a killed program had started ends a moment after it: what it worked with is gone. */
const groupMs = 10_000;

async function groupEnds(job: string, signal: AbortSignal): Promise<boolean> {
  for (const deadline = performance.now() + groupMs; await isGroupAlive(job); await rest(200, signal))
    if (performance.now() > deadline || signal.aborted) return false;
  return true;
}

async function leftLock(job: string, directory: string, lockedAt: number, signal: AbortSignal): Promise<boolean> {
  const { argv = [] } = (await readJson<Job>(join(job, "job.json"))) ?? {};
  if (!argv.includes(directory) && !argv.includes(`-chdir=${directory}`)) return false;
  const state = await jobState(job);
  const end = await jobEnd(job);
  // One that ended by itself has released its lock by itself.
  const wasKilled = state === "lost" || (state === "ended" && (end?.signal === "SIGKILL" || end?.exitCode === 137));
  if (!wasKilled || !(await groupEnds(job, signal))) return false;
  const program = await readJson<ProcessIdentity>(join(job, "program.json"));
  if (program !== undefined && (await isAlive(program))) return false;
  const from = (await stat(join(job, "job.json"))).mtimeMs;
  const until = end === undefined ? Date.now() : (await stat(join(job, "end.json"))).mtimeMs;
  if (!(lockedAt >= from - toleranceMs && lockedAt <= until + toleranceMs)) return false;
  return hadLock(await tail(join(job, "stdout.log"), 16 * 1024 * 1024));
}
