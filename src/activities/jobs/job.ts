import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { handOver } from "../../redaction.ts";
import { programEnvironment } from "../program-environment.ts";
import { exists, fileFailure, privateDirectory, readJson, writeAtomically } from "../files.ts";
import { isAlive, type ProcessIdentity, signalGroup } from "../process-identity.ts";

/** What a supervisor runs. No secret stands here: secrets go through the environment of the process. */
export interface Job {
  argv: string[];
  /** Where it runs; the root directory otherwise. */
  cwd?: string;
  /**
   * Of a program that would leave half of its work unrecorded: it is asked to stop by SIGINT, alone, and has so many
   * milliseconds, whoever stops it.
   */
  patienceMs?: number;
}

/** How the program of a job ended. `error`: it could not be started. */
export interface JobEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  error: string | null;
}

/** `lost`: the supervisor is gone without having said how the program ended. */
export type JobState = "absent" | "running" | "ended" | "lost";

const supervisor = join(import.meta.dirname, `supervisor${extname(import.meta.filename)}`);

/**
 * Starts a job in a directory of its own and returns when its supervisor runs.
 * @param env of the program, secrets included
 * @param secrets that the program finds by itself; none of its logs shows them
 */
export async function startJob(
  directory: string,
  job: Job,
  env: Record<string, string> = {},
  secrets: string[] = [],
): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: privateDirectory });
  } catch (error) {
    throw fileFailure(error, directory);
  }
  await writeAtomically(join(directory, "job.json"), JSON.stringify(job));
  const child = spawn(process.execPath, [supervisor, directory], {
    cwd: "/",
    detached: true,
    stdio: "ignore",
    env: programEnvironment({ ...env, ...handOver(secrets) }),
  });
  await once(child, "spawn");
  child.unref();
  await claimed(directory);
}

/**
 * Waits until some supervisor has taken the job. A machine under load may need seconds to start a process; one that needs
 * longer than this finds its claim taken.
 */
async function claimed(directory: string): Promise<boolean> {
  for (let waited = 0; waited < 5_000; waited += 20) {
    if (await exists(join(directory, "supervisor.json"))) return true;
    await sleep(20);
  }
  return false;
}

/** What has become of a job. */
export async function jobState(directory: string): Promise<JobState> {
  if (await exists(join(directory, "end.json"))) return "ended";
  if (!(await exists(join(directory, "job.json")))) return "absent";
  // A worker that died right after it had started the supervisor: give that one its time before calling it lost.
  if (!(await claimed(directory))) return "lost";
  const identity = await readJson<ProcessIdentity>(join(directory, "supervisor.json"));
  if (identity !== undefined && (await isAlive(identity))) return "running";
  return (await exists(join(directory, "end.json"))) ? "ended" : "lost";
}

export async function jobEnd(directory: string): Promise<JobEnd | undefined> {
  return readJson<JobEnd>(join(directory, "end.json"));
}

/**
 * Stops a job and everything that it started: SIGTERM to its process group, SIGKILL after the grace time.
 * Returns when nobody of the group is left, so that whatever comes next finds no second writer.
 * @param graceMs milliseconds between the two signals; a job's own patience counts instead
 */
export async function stopJob(directory: string, graceMs = 10_000): Promise<void> {
  if (!(await exists(join(directory, "job.json")))) return;
  if (!(await exists(join(directory, "supervisor.json"))) && (await takeClaim(directory))) return;
  const leader = await readJson<ProcessIdentity>(join(directory, "supervisor.json"));
  if (leader === undefined || !(await groupIsOurs(directory, leader))) return;
  const { patienceMs } = (await readJson<Job>(join(directory, "job.json"))) ?? {};
  if (patienceMs === undefined) signalGroup(leader.pid, "SIGTERM");
  let isTold = false;
  for (const until = Date.now() + (patienceMs ?? graceMs); Date.now() < until; await sleep(20)) {
    if (!signalGroup(leader.pid, 0)) return;
    if (patienceMs !== undefined && !isTold) isTold = await interrupt(directory);
    // What a patient program has started may still write, after its own end.
    if (patienceMs === undefined && (await jobEnd(directory)) !== undefined) break;
  }
  // Bounded: where nobody reaps orphans, the dead stay in the group as zombies, and they write nothing any more.
  for (let round = 0; round < 100 && signalGroup(leader.pid, "SIGKILL"); round += 1) await sleep(50);
}

/**
 * Asks a patient program to stop, once, whoever asks: a second signal would tell it to drop everything. Not to the group,
 * because Terragrunt passes it on to its children.
 * @returns false while it is not known yet
 */
async function interrupt(directory: string): Promise<boolean> {
  const program = await readJson<ProcessIdentity>(join(directory, "program.json"));
  if (program === undefined) return false;
  if ((await isAlive(program)) && (await takeNote(join(directory, "interrupted")))) process.kill(program.pid, "SIGINT");
  return true;
}

/** False when somebody has taken it before. */
async function takeNote(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether a process of the job's group is left, however it ended. */
export async function isGroupAlive(directory: string): Promise<boolean> {
  const leader = await readJson<ProcessIdentity>(join(directory, "supervisor.json"));
  return leader !== undefined && signalGroup(leader.pid, 0);
}

/**
 * Takes a job whose supervisor has not come yet: one that is only slow to start finds its claim taken and does nothing.
 * @returns false when some supervisor has claimed it before
 */
async function takeClaim(directory: string): Promise<boolean> {
  if (await takeNote(join(directory, "claim"))) return true;
  // Somebody has claimed it and is about to say who.
  await claimed(directory);
  return false;
}

/** A group number may have been given to somebody else since; only kill it when a process of ours is still in it. */
async function groupIsOurs(directory: string, leader: ProcessIdentity): Promise<boolean> {
  if (await isAlive(leader)) return true;
  const program = await readJson<ProcessIdentity>(join(directory, "program.json"));
  return program !== undefined && (await isAlive(program));
}
