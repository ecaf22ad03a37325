import { chown, copyFile, lstat, mkdir, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import { lastWords, output, runProgram } from "../exec.ts";
import { privateDirectory } from "../files.ts";
import { tail } from "../jobs/run-job.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import { isRunning, majorOf, ownerOf, shellQuoted } from "./cluster.ts";
import { readRecoveryLog, recoveryHint } from "./recovery-log.ts";

/** A restored cluster that only its owner and root can reach: nobody may write to it before it is verified. */
export interface PrivateServer {
  bin: string;
  data: string;
  /** Holds socket, pg_hba.conf and log. In /tmp, because the path of a socket may have 107 bytes. */
  directory: string;
}

export function privateServer(
  component: PgBackRestComponent,
  context: StepContext,
  bin: string,
  data: string,
): PrivateServer {
  const short = createHash("sha256").update(component.name).digest("hex").slice(0, 4);
  return { bin, data, directory: `/tmp/firedrill-${context.run.short}-${short}` };
}

export function privateConnection({ directory }: PrivateServer, { connection }: PgBackRestComponent): Connection {
  return { host: directory, port: connection.port, user: connection.user, tls: "disable" };
}

export function logOf({ directory }: PrivateServer): string {
  return join(directory, "server.log");
}

/** What the restored server must not do: be reached, archive, follow publishers, run jobs, or touch files of the live one. */
async function settings(
  server: PrivateServer,
  component: PgBackRestComponent,
  scratch: boolean,
): Promise<Record<string, string>> {
  const { data, directory } = server;
  return {
    data_directory: data,
    ...(component.configFile !== undefined && { config_file: component.configFile }),
    hba_file: join(directory, "pg_hba.conf"),
    listen_addresses: "",
    unix_socket_directories: directory,
    unix_socket_permissions: "0700",
    port: String(component.connection.port),
    external_pid_file: "",
    archive_mode: "off",
    // No checkpoint may remove WAL of the new timeline: `place` must still hand all of it to the archiver.
    wal_keep_size: "1TB",
    max_logical_replication_workers: "0",
    synchronous_standby_names: "",
    "cron.launch_active_jobs": "off",
    hot_standby: "on",
    ssl: "off",
    logging_collector: "off",
    log_destination: "stderr",
    lc_messages: "C",
    timezone: "UTC",
    // Beside a live server there may be no room for its shared memory a second time.
    ...(scratch && { shared_buffers: "128MB" }),
    // Before PostgreSQL 15 Debian keeps it in a directory that the live server uses too.
    ...((await majorOf(data))! < 15 && { stats_temp_directory: "pg_stat_tmp" }),
  };
}

/** Starts it, or finds it running. The socket's directory is the leftover `private.<component>`. */
export async function startPrivate(
  server: PrivateServer,
  component: PgBackRestComponent,
  context: StepContext,
): Promise<void> {
  const { bin, data, directory } = server;
  const { osUser } = component;
  if (await isRunning(bin, data, osUser)) return await requirePrivate(server);
  await noteLeftover(context.directory, `private.${component.name}`, { kind: "path", path: directory });
  await makeOwned(directory, component);
  await noteLeftover(context.directory, `postmaster.${component.name}`, {
    kind: "postmaster",
    data,
    bin,
    osUser,
    socket: directory,
  });
  // Only the owner and root can enter the directory of the socket, so no password has to be known.
  const hba = join(directory, "pg_hba.conf");
  await output({ argv: ["sh", "-c", 'umask 077; echo "local all all trust" > "$1"', "sh", hba], osUser });
  const options = Object.entries(await settings(server, component, context.run.scenario === "none")).map(
    ([key, value]) => `-c ${key}=${shellQuoted(value)}`,
  );
  const argv = [
    join(bin, "pg_ctl"),
    "-D",
    data,
    "-l",
    logOf(server),
    "-o",
    options.join(" "),
    "-w",
    "-t",
    "5",
    "start",
  ];
  const end = await runProgram({ argv, osUser });
  // pg_ctl gives up after five seconds; recovery may take hours, and whoever waits for it is told how far it is.
  if (end.exitCode !== 0 && !(await isRunning(bin, data, osUser)))
    throw await recoveryFailure(server, component, context, lastWords(end.stderr || end.stdout));
}

/** @throws TARGET_EXISTS when the server that runs on the data directory is not the private one */
async function requirePrivate({ data, directory }: PrivateServer): Promise<void> {
  if ((await readFile(join(data, "postmaster.pid"), "utf8")).includes(directory)) return;
  throw fail(
    "TARGET_EXISTS",
    `somebody has started the server of ${data}`,
    "Abort if it is wanted: the run then leaves it alone.",
  );
}

/** Makes a directory for the server's owner alone. One that somebody else made before is not taken. */
async function makeOwned(directory: string, component: PgBackRestComponent): Promise<void> {
  const owner = await ownerOf(component);
  try {
    await mkdir(directory, { mode: privateDirectory });
    await chown(directory, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const found = await lstat(directory);
    // It is still root's where the worker died between the two calls above.
    const ours =
      found.isDirectory() && [owner.uid, process.getuid?.()].includes(found.uid) && (found.mode & 0o077) === 0;
    if (!ours) throw fail("PERMISSION_DENIED", `${directory} belongs to somebody else`, "Remove it; then retry.");
    await chown(directory, owner.uid, owner.gid);
  }
}

export async function readLog(server: PrivateServer): Promise<string> {
  return await tail(logOf(server), 1_000_000);
}

/** The failure of a server that died; its log is kept in the run's directory, where cleaning up does not remove it. */
export async function recoveryFailure(
  server: PrivateServer,
  component: PgBackRestComponent,
  context: StepContext,
  said: string,
) {
  const kept = join(context.directory, `recovery.${component.name}.log`);
  await copyFile(logOf(server), kept).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  const log = await readFile(kept, "utf8").catch(() => "");
  const { fatal } = readRecoveryLog(log);
  const message = `the restored server of ${server.data} did not come up: ${fatal ?? (lastWords(log) || said)}`;
  return fail(
    "RECOVERY_FAILED",
    message,
    `${recoveryHint(fatal ?? said) ?? "Mend the cause; then retry."} The log is ${kept} on the worker's host.`,
  );
}
