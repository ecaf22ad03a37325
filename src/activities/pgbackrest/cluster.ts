import { readFile, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { lastWords, output, programMissing, runProgram } from "../exec.ts";
import { exists } from "../files.ts";
import { findVersions } from "../postgres/programs.ts";
import { type ControlData, parseControlData } from "./control-data.ts";

/** What is done to a cluster's processes and files on this host, by PostgreSQL's own programs. */

export interface Owner {
  uid: number;
  gid: number;
}

/** User and group of the operating system that run the server's programs. @throws PERMISSION_DENIED */
export async function ownerOf({ osUser }: PgBackRestComponent): Promise<Owner> {
  const self = userInfo();
  if (osUser === undefined || osUser === self.username) return { uid: self.uid, gid: self.gid };
  if (self.uid !== 0) {
    throw fail(
      "PERMISSION_DENIED",
      `the worker runs as ${self.username} and cannot become ${osUser}`,
      `Run the worker as ${osUser} or as root.`,
    );
  }
  const id = async (flag: string) => Number(await output({ argv: ["id", flag, osUser] }));
  return { uid: await id("-u"), gid: await id("-g") };
}

/** The directory with the programs of a major version: each has its own pg_ctl. @throws PROGRAM_MISSING */
export async function findBin(major: number): Promise<string> {
  for await (const found of findVersions("pg_ctl")) if (found.major === major) return dirname(found.path);
  throw programMissing(`pg_ctl of PostgreSQL ${major}`);
}

/** True when nothing is in a directory, or there is none. */
export async function isEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}

/** Major version of the cluster in a directory, undefined where there is none. */
export async function majorOf(data: string): Promise<number | undefined> {
  const file = join(data, "PG_VERSION");
  return (await exists(file)) ? Number((await readFile(file, "utf8")).trim()) : undefined;
}

/** What pg_control says; undefined when the directory holds no cluster. @throws PROGRAM_FAILED */
export async function controlData(bin: string, data: string, osUser?: string): Promise<ControlData | undefined> {
  if (!(await exists(join(data, "global", "pg_control")))) return undefined;
  return parseControlData(await output({ argv: [join(bin, "pg_controldata"), "-D", data], osUser }));
}

/** True while a postmaster runs on the data directory; `pg_ctl status` exits with 3 or 4 without one. */
export async function isRunning(bin: string, data: string, osUser?: string): Promise<boolean> {
  if (!(await exists(join(data, "postmaster.pid")))) return false;
  const end = await runProgram({ argv: [join(bin, "pg_ctl"), "-D", data, "status"], osUser });
  if (end.exitCode === 0) return true;
  // Whatever else went wrong must not be taken for a server that is down.
  if (end.exitCode === 3 || end.exitCode === 4) return false;
  throw fail(
    "PROGRAM_FAILED",
    `pg_ctl cannot tell whether a server runs on ${data}: ${lastWords(end.stderr || end.stdout)}`,
  );
}

/** Stops a server with pg_ctl, if one runs; returns when it is down. @throws PROGRAM_FAILED */
export async function stopCluster(
  bin: string,
  data: string,
  mode: "fast" | "immediate",
  osUser?: string,
): Promise<void> {
  if (!(await isRunning(bin, data, osUser))) return;
  const argv = [join(bin, "pg_ctl"), "-D", data, "-m", mode, "-w", "-t", "120", "stop"];
  const end = await runProgram({ argv, osUser, timeoutMs: 150_000 });
  if (end.exitCode !== 0 && (await isRunning(bin, data, osUser))) {
    throw fail("PROGRAM_FAILED", `the server of ${data} does not stop: ${lastWords(end.stderr || end.stdout)}`);
  }
}

/** Stops the live server: by the plan's command where there is one, because a service manager would start it again. */
export async function stopLive(bin: string, component: PgBackRestComponent): Promise<void> {
  const { data, osUser, stop } = component;
  if (!(await isRunning(bin, data, osUser))) return;
  if (stop === undefined) return await stopCluster(bin, data, "immediate", osUser);
  const end = await runProgram({ argv: stop, timeoutMs: 300_000 });
  for (let waited = 0; waited < 30_000; waited += 200) {
    if (!(await isRunning(bin, data, osUser))) return;
    await sleep(200);
  }
  throw fail(
    "PROGRAM_FAILED",
    `${stop.join(" ")} (exit code ${end.exitCode}) did not stop the server of ${data}: ${lastWords(end.stderr || end.stdout)}`,
  );
}

/** Starts the live server: by the plan's command, or by pg_ctl with its normal configuration. */
export async function startLive(bin: string, component: PgBackRestComponent): Promise<void> {
  const { data, osUser, start, configFile } = component;
  if (await isRunning(bin, data, osUser)) return;
  const log = join(data, "log", "startup.log");
  if (start === undefined) await output({ argv: ["mkdir", "-p", join(data, "log")], osUser });
  const options =
    configFile === undefined
      ? []
      : ["-o", `-c config_file=${shellQuoted(configFile)} -c data_directory=${shellQuoted(data)}`];
  const argv = start ?? [join(bin, "pg_ctl"), "-D", data, "-l", log, ...options, "-w", "-t", "300", "start"];
  const end = await runProgram({ argv, ...(start === undefined && { osUser }), timeoutMs: 330_000 });
  // One that an attempt before had begun to start may have come up meanwhile.
  if (end.exitCode === 0 || (await isRunning(bin, data, osUser))) return;
  // pg_ctl only says that it failed; the server's own words are in its log.
  const said = start === undefined ? await readFile(log, "utf8").catch(() => "") : "";
  const words = lastWords(/(?:FATAL|PANIC): .*/.exec(said.slice(-4_000))?.[0] ?? (end.stderr || end.stdout));
  throw fail(
    "PROGRAM_FAILED",
    `the server of ${data} does not start (exit code ${end.exitCode}): ${words}`,
    `Read ${start === undefined ? log : "the server's log"}; then retry.`,
  );
}

/** pg_ctl gives its option -o to a shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Its owner may be the only one who can start it. @throws PERMISSION_DENIED */
export async function checkOwner(component: PgBackRestComponent): Promise<void> {
  const { uid } = await stat(component.data);
  const owner = await ownerOf(component);
  if (uid === owner.uid) return;
  const who = component.osUser ?? userInfo().username;
  throw fail(
    "PERMISSION_DENIED",
    `${component.data} does not belong to ${who} (it belongs to user ${uid})`,
    "Set `osUser` of the component to the owner of the data directory.",
  );
}
