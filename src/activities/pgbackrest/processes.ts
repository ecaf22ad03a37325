import { readdir, readlink, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import { exists } from "../files.ts";

/**
 * Server processes of a data directory, by where they work: each process of PostgreSQL does so in its data
 * directory, and goes on when the file that names it is gone. Empty where the system has no /proc.
 */
async function processesOf(data: string): Promise<string[]> {
  if (!(await exists("/proc/self/cwd")) || !(await exists(data))) return [];
  const directory = await realpath(data);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  // Processes end while they are listed, and those of others may hide where they work: neither is the server's.
  const link = async (pid: string, what: string) => await readlink(`/proc/${pid}/${what}`).catch(() => "");
  const found = await Promise.all(
    pids.map(async (pid) => ({ pid, at: await link(pid, "cwd"), program: basename(await link(pid, "exe")) })),
  );
  // A person's shell may stand there too. A program that an upgrade has replaced is "postgres (deleted)".
  return found.filter(({ at, program }) => at === directory && program.startsWith("postgres")).map(({ pid }) => pid);
}

/** The last processes of a server that was stopped need a moment. @throws PROGRAM_FAILED when some stay, or new ones come */
export async function requireNoServer(data: string): Promise<void> {
  for (const until = Date.now() + 10_000; ; await sleep(100)) {
    const pids = await processesOf(data);
    if (pids.length === 0) return;
    if (Date.now() > until)
      throw fail(
        "PROGRAM_FAILED",
        `a server runs on ${data} again (process ${pids[0]}), although it was stopped`,
        "Disable its automatic restart, or give the plan a `stop` command that tells the service manager; then retry.",
      );
  }
}
