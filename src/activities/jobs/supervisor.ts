/**
 * Runs one long program on behalf of an activity, detached from the worker, so that the program survives the worker
 * and a later attempt can adopt it. Started as `node supervisor.ts DIRECTORY`; uses nothing but Node to start quickly.
 *
 * Files in DIRECTORY: job.json (given), claim (only one supervisor wins), supervisor.json and program.json (identities),
 * stdout.log, stderr.log (without secrets, whatever the program says), end.json (written last: the program has ended).
 */
import { spawn } from "node:child_process";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { redactor } from "../../redaction.ts";
import { identify } from "../process-identity.ts";
import type { Job, JobEnd } from "./job.ts";

const directory = process.argv[2] ?? ".";

function put(name: string, content: unknown): void {
  const path = join(directory, name);
  const file = openSync(`${path}.tmp`, "w", 0o600);
  writeSync(file, JSON.stringify(content));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.tmp`, path);
}

function claim(): boolean {
  try {
    closeSync(openSync(join(directory, "claim"), "wx", 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Keeps what a program says, without secrets; resolves when it says no more. The returned function writes what is held back. */
function keep(output: Readable, name: string): { ended: Promise<unknown>; finish: () => void } {
  const file = openSync(join(directory, name), "a", 0o600);
  const redacted = redactor((text) => void writeSync(file, text));
  output.setEncoding("utf8").on("data", (piece: string) => redacted.push(piece));
  const { promise: ended, resolve } = Promise.withResolvers();
  output.once("close", resolve);
  return { ended, finish: () => redacted.end() };
}

async function lastWords(logs: ReturnType<typeof keep>[]): Promise<void> {
  // What ignores the signal may hold the pipes open for longer, and is not waited for.
  await Promise.race([Promise.all(logs.map(({ ended }) => ended)), sleep(1_000, undefined, { ref: false })]);
  for (const { finish } of logs) finish();
}

if (claim()) {
  // Nothing here is for anybody else, whatever umask the worker was started with.
  process.umask(0o077);
  const job = JSON.parse(readFileSync(join(directory, "job.json"), "utf8")) as Job;
  put("supervisor.json", await identify(process.pid));
  const [file = "", ...args] = job.argv;
  const child = spawn(file, args, { cwd: job.cwd ?? "/", stdio: ["ignore", "pipe", "pipe"] });
  const logs = [keep(child.stdout, "stdout.log"), keep(child.stderr, "stderr.log")];
  const ended = async (end: JobEnd) => {
    // Whatever the program has started ends with it: nothing may write on behind a job that has ended.
    process.kill(-process.pid, "SIGTERM");
    await lastWords(logs);
    put("end.json", end);
  };
  // A stop signal goes to the whole group; the supervisor stays to write down how the program ended.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  child.on("error", (error: NodeJS.ErrnoException) =>
    put("end.json", { exitCode: null, signal: null, error: error.code ?? error.message } satisfies JobEnd),
  );
  child.on("exit", (exitCode, signal) => void ended({ exitCode, signal, error: null }));
  if (child.pid !== undefined) {
    const identity = await identify(child.pid);
    if (identity !== undefined) put("program.json", identity);
  }
}
