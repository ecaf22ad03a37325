import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

/**
 * Kills with -9 every process whose command line names a path below the directory (postmaster, pgBackRest, pg_restore),
 * and every one whose title carries the cluster name (backends, a copy of the server started elsewhere).
 * Throws when some still live after ten seconds.
 */
export async function killBelow(directory: string, clusterName?: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const pids = await processesBelow(directory, clusterName);
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`processes of ${directory} do not end: ${pids.join(", ")}`);
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
}

/** The IDs of those processes. */
export async function processesBelow(directory: string, clusterName?: string): Promise<number[]> {
  const all = existsSync("/proc/self/cmdline") ? await listProc() : await listPs();
  const title = clusterName === undefined ? undefined : `postgres: ${clusterName}: `;
  const ours = all.filter(
    ({ line }) => line.includes(`${directory}/`) || (title !== undefined && line.startsWith(title)),
  );
  return ours.map(({ pid }) => pid).filter((pid) => pid !== process.pid);
}

interface Listed {
  pid: number;
  line: string;
}

/** A small Linux has no `ps`. A zombie's command line is empty, so it does not count. */
async function listProc(): Promise<Listed[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = pids.map(async (pid) => ({ pid: Number(pid), line: await commandLine(pid) }));
  return await Promise.all(lines);
}

async function commandLine(pid: string): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

async function listPs(): Promise<Listed[]> {
  const { stdout } = await execa("ps", ["-A", "-ww", "-o", "pid=,args="]);
  const lines = stdout.split("\n").map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
  return lines.map((parts) => ({ pid: Number(parts?.[1] ?? 0), line: parts?.[2] ?? "" }));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The System V segment that a running server holds, which only a clean stop gives back; undefined without a server. */
export async function sharedMemoryOf(data: string): Promise<string | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return /^\s*\d+\s+(\d+)\s*$/m.exec(text.split("\n").slice(5).join("\n"))?.[1];
}

/** Removes the segment if it is still there. */
export async function freeSharedMemory(id: string): Promise<void> {
  const { stdout } = await execa("ipcs", ["-m"]);
  const listed = stdout.split("\n").some((line) => line.trim().split(/\s+/)[1] === id);
  if (listed) await execa("ipcrm", ["-m", id]);
}
