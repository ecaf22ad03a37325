import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import prettyMs from "pretty-ms";
import { fail } from "../../failures.ts";
import { asUser, lastWords, programMissing } from "../exec.ts";
import { freeBytes } from "../files.ts";
import { fileName } from "../run-directory.ts";
import type { StepContext } from "../step.ts";
import { type JobEnd, jobEnd, jobState, startJob, stopJob } from "./job.ts";

export interface LongProgram {
  /** Program and arguments; never a secret. */
  argv: string[];
  /** Environment, secrets included: it is given to the process and never written down. */
  env?: Record<string, string>;
  /** What it finds by itself and may tell; kept out of its logs. */
  secrets?: string[];
  osUser?: string | undefined;
  /** Where it runs; the root directory otherwise. */
  cwd?: string;
  /** See Job. */
  patienceMs?: number;
  /** Milliseconds from its start, that of an adopted program included; then it is stopped. */
  timeoutMs?: number;
  /** Runs before each start, not when a running program is adopted: removes what a lost one may have left half-done. */
  prepare?: () => Promise<void>;
  /** Reads progress out of the newest line of standard output or error. */
  progress?: (line: string) => string | undefined;
  /** The same for a program whose progress no single line tells: gets the whole standard output, which only grows. */
  watch?: (stdout: string) => Promise<string | undefined>;
}

/** How a long program ended, and where its output lies. */
export interface LongEnd extends JobEnd {
  stdout: string;
  stderr: string;
}

/** A program that something else kills again and again is a case for a person. */
const mostStarts = 3;
/** In rounds of 50 ms. To ask whether a process lives is a file's read on Linux and a program's start elsewhere. */
const lostEvery = process.platform === "linux" ? 5 : 20;

/**
 * Runs a long program under a supervisor and waits for its end. Safe to call again after a crash of the worker: the
 * program that still runs, or has ended meanwhile, is adopted. A program that was killed by somebody else is started
 * anew, three times at most.
 * @throws PROGRAM_MISSING, TIMED_OUT, PROGRAM_FAILED when it was killed too often
 */
export async function runLong(context: StepContext, name: string, program: LongProgram): Promise<LongEnd> {
  await stopEarlierTries(context, name);
  for (let start = 1; start <= mostStarts; start += 1) {
    const directory = jobDirectory(context, name, context.run.tryNo, start);
    const state = await jobState(directory);
    if (state === "absent") {
      // Nothing new is made for a run that has been cancelled or terminated meanwhile.
      context.signal.throwIfAborted();
      await program.prepare?.();
      context.signal.throwIfAborted();
      const { argv, osUser, cwd, patienceMs } = program;
      const job = { argv: asUser(argv, osUser), ...(cwd && { cwd }), ...(patienceMs && { patienceMs }) };
      await startJob(directory, job, program.env, program.secrets);
    }
    const end = state === "lost" ? undefined : await waitForEnd(context, directory, program);
    // 137 is what runuser and shells say of a program that was killed with SIGKILL.
    if (end === undefined || end.signal === "SIGKILL" || end.exitCode === 137) {
      await stopJob(directory, 0);
      if ((await freeBytes(directory)) < nothingBytes) throw fail("DISK_FULL", `no space left for ${directory}`);
      continue;
    }
    if (end.error === "ENOENT") throw programMissing(program.argv[0] ?? "");
    if (end.error !== null) throw fail("PROGRAM_FAILED", `${program.argv[0]} could not be started: ${end.error}`);
    return { ...end, stdout: join(directory, "stdout.log"), stderr: join(directory, "stderr.log") };
  }
  throw fail(
    "PROGRAM_FAILED",
    `${program.argv[0]} was killed ${mostStarts} times by something else`,
    "Look for the out-of-memory killer in the system's log; then retry.",
  );
}

function jobDirectory(context: StepContext, name: string, tryNo: number, start: number): string {
  return join(context.directory, "jobs", `${fileName(context.step)}.${name}.${tryNo}.${start}`);
}

/** A decision to retry starts anew: whatever an earlier try may have left running ends first. */
async function stopEarlierTries(context: StepContext, name: string): Promise<void> {
  for (let tryNo = 0; tryNo < context.run.tryNo; tryNo += 1) {
    for (let start = 1; start <= mostStarts; start += 1) await stopJob(jobDirectory(context, name, tryNo, start), 0);
  }
}

/** undefined when the job was lost. On cancellation the program is stopped; an attempt that ends otherwise leaves it running. */
async function waitForEnd(context: StepContext, directory: string, program: LongProgram): Promise<JobEnd | undefined> {
  const startedAt = (await stat(join(directory, "job.json"))).mtimeMs;
  for (let round = 0; ; round += 1) {
    const end = await jobEnd(directory);
    if (end !== undefined) return end;
    if (context.signal.aborted) {
      if (context.cancelRequested()) await stopJob(directory);
      context.signal.throwIfAborted();
    }
    // The end is looked for most often, because all that comes next waits for it.
    if (round % lostEvery === lostEvery - 1 && (await jobState(directory)) === "lost") return undefined;
    if (Date.now() - startedAt > (program.timeoutMs ?? Infinity)) {
      await stopJob(directory);
      throw fail("TIMED_OUT", `${program.argv[0]} did not end within ${prettyMs(program.timeoutMs!)} and was stopped`);
    }
    if (round % 20 === 19) await report(context, directory, program);
    await sleep(50);
  }
}

async function report(context: StepContext, directory: string, { progress, watch }: LongProgram): Promise<void> {
  const told = await watch?.(join(directory, "stdout.log"));
  if (told !== undefined) context.progress(told);
  if (progress === undefined) return;
  for (const log of ["stdout.log", "stderr.log"]) {
    const lines = (await tail(join(directory, log))).trim().split("\n").toReversed();
    const text = lines.map(progress).find((found) => found !== undefined);
    if (text !== undefined) return context.progress(text);
  }
}

/** The last 4 KiB of a file; empty when it does not exist yet. */
export async function tail(path: string, bytes = 4096): Promise<string> {
  try {
    const file = await open(path);
    const { size } = await file.stat();
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream("", { fd: file, start: Math.max(0, size - bytes) }))
      chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** So little is left on a file system that is full. */
const nothingBytes = 65_536;

/**
 * The failure of a long program that ended badly: its exit code and last words.
 * @param writesTo a directory of its own output: a program with parallel jobs may not say that the disk was full
 */
export async function longFailure(name: string, end: LongEnd, writesTo?: string) {
  const words = lastWords((await tail(end.stderr)) || (await tail(end.stdout)));
  const isFull = writesTo !== undefined && (await freeBytes(writesTo)) < nothingBytes;
  if (isFull || /no space left/i.test(words)) return fail("DISK_FULL", `${name} found no space left: ${words}`);
  const how = end.signal === null ? `exit code ${end.exitCode}` : `signal ${end.signal}`;
  return fail(
    "PROGRAM_FAILED",
    `${name} ended with ${how}: ${words}`,
    `Its whole output is in ${end.stderr} on the worker's host.`,
  );
}
