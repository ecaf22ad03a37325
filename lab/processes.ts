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
  await killAll(directory, async () => await processesBelow(directory, clusterName));
}

/**
 * Kills with -9 every process that was started with this setting in its environment, by whomever and in whatever
 * namespace; on Linux only. Throws when some still live after ten seconds.
 * @param setting such as `FIREDRILL_DEMO=/tmp/fd-a1b2c3`
 */
export async function killHeirs(setting: string): Promise<void> {
  await killAll(setting, async () => {
    const environments = (await listPids()).map(async (pid) => ({ pid, text: await procFile(pid, "environ") }));
    const heirs = (await Promise.all(environments)).filter(({ text }) => text.split("\0").includes(setting));
    return heirs.map(({ pid }) => pid).filter((pid) => pid !== process.pid);
  });
}

async function killAll(what: string, list: () => Promise<number[]>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const pids = await list();
    if (pids.length === 0) return;
    if (Date.now() > deadline) throw new Error(`processes of ${what} do not end: ${pids.join(", ")}`);
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
  const lines = (await listPids()).map(async (pid) => ({
    pid,
    line: (await procFile(pid, "cmdline")).replaceAll("\0", " "),
  }));
  return await Promise.all(lines);
}

async function listPids(): Promise<number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Empty where the process has ended, or is somebody else's. */
async function procFile(pid: number, name: "cmdline" | "environ"): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${name}`, "utf8");
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
