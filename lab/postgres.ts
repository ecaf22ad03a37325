import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer as createListener } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Client } from "pg";
import { fail } from "../src/failures.ts";
import { labUser, runAs } from "./as-user.ts";
import { freeSharedMemory, killBelow, sharedMemoryOf } from "./processes.ts";
import { findProgram } from "./programs.ts";
import type { Program } from "./programs.ts";
import { archiveSettings, hbaConf, identConf, pgbackrestConf, postgresqlConf, serverPaths } from "./server-files.ts";
import type { ServerPaths } from "./server-files.ts";

export interface LabServer {
  name: string;
  directory: string;
  /** PGDATA. */
  data: string;
  port: number;
  /** Directory of the Unix socket. */
  socket: string;
  user: "postgres";
  /** Holds the password of `user`, mode 0600; needed over TCP. */
  passwordFile: string;
  password: string;
  /** Operating-system user of the server and its files; undefined where it is ourselves. */
  osUser: string | undefined;
  /** Directory of PostgreSQL's programs. */
  bin: string;
  /** What PostgreSQL calls the cluster; its processes carry it in their titles. */
  clusterName: string;
  systemIdentifier: string;
  pgbackrest?: { program: string; config: string; stanza: string; repository: string };
  /** Environment for psql, pg_dump and so on. */
  env: Record<string, string>;
  start(): Promise<void>;
  stop(mode?: "smart" | "fast" | "immediate"): Promise<void>;
  /** Ends all of the server's processes and removes its directory, also after a `kill -9`. */
  remove(): Promise<void>;
  /** Runs SQL as `user` over TCP and returns the rows of its last statement. */
  sql<Row = Record<string, unknown>>(database: string, text: string): Promise<Row[]>;
}

export interface ServerWish {
  /** Made by createServer, must not exist; short, because the path of the socket may have 107 bytes. */
  directory: string;
  name: string;
  /** A free one otherwise. */
  port?: number;
  /** Directory of PostgreSQL's programs, where it shall not be the one that is found. */
  bin?: string;
  /** Archives its WAL with pgBackRest into a stanza of the server's name, made as well. */
  archive?: boolean;
}

/**
 * Makes and starts a real PostgreSQL server that needs a password, has checksums and keeps fsync on. When it fails
 * half-way nothing stays behind. Throws PROGRAM_MISSING and PROGRAM_FAILED, the latter with the program's output.
 */
export async function createServer(wish: ServerWish): Promise<LabServer> {
  const paths = serverPaths(wish.directory);
  const port = wish.port ?? (await freePort());
  if (Buffer.byteLength(join(paths.socket, `.s.PGSQL.${port}.lock`)) > 107) {
    throw fail(
      "PROGRAM_FAILED",
      `the directory ${wish.directory} is too long for a Unix socket`,
      "Choose a shorter one.",
    );
  }
  const server = describeServer(wish, paths, port, wish.bin ?? (await required("postgres")), await labUser());
  if (wish.archive === true) server.pgbackrest = backrestOf(wish.name, paths, await required("pgbackrest"));
  try {
    await layOut(server, paths);
    await server.start();
    const [row] = await server.sql<{ id: string }>(
      "postgres",
      "select system_identifier::text id from pg_control_system()",
    );
    server.systemIdentifier = row?.id ?? "";
    if (server.pgbackrest !== undefined) await backrest(server, "stanza-create");
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

/** Runs a command of pgBackRest on a server that archives and returns what it printed. */
export async function backrest(server: LabServer, ...command: string[]): Promise<string> {
  if (server.pgbackrest === undefined) throw new Error(`server ${server.name} was made without archive`);
  const { program, config, stanza } = server.pgbackrest;
  return await runAs(server.osUser, server.directory, [
    program,
    `--config=${config}`,
    `--stanza=${stanza}`,
    ...command,
  ]);
}

function describeServer(wish: ServerWish, paths: ServerPaths, port: number, bin: string, osUser: string | undefined) {
  const password = randomBytes(18).toString("base64url");
  const pgCtl = (...args: string[]) =>
    runAs(osUser, paths.directory, [join(bin, "pg_ctl"), "-D", paths.data, "-w", "-t", "60", ...args]);
  const server: LabServer = {
    name: wish.name,
    directory: paths.directory,
    data: paths.data,
    port,
    socket: paths.socket,
    user: "postgres",
    passwordFile: paths.passwordFile,
    password,
    osUser,
    bin,
    clusterName: `${wish.name}-${randomBytes(4).toString("hex")}`,
    systemIdentifier: "",
    env: { PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "postgres", PGPASSWORD: password },
    start: async () => void (await pgCtl("-l", paths.log, "-s", "start")),
    stop: async (mode = "fast") => void (await pgCtl("-m", mode, "-s", "stop")),
    remove: async () => await removeServer(server),
    sql: async (database, text) => await query(server, database, text),
  };
  return server;
}

function backrestOf(stanza: string, paths: ServerPaths, program: string) {
  return { program, config: paths.backrest.config, stanza, repository: paths.backrest.repository };
}

async function layOut(server: LabServer, paths: ServerPaths): Promise<void> {
  const { osUser, port, pgbackrest } = server;
  await mkdir(paths.directory, { mode: 0o755 });
  const { repository, log, lock, spool } = paths.backrest;
  const folders = [paths.socket, ...(pgbackrest === undefined ? [] : [repository, log, lock, spool])];
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(paths.passwordFile, `${server.password}\n`, { mode: 0o600 });
  if (pgbackrest !== undefined) await writeFile(paths.backrest.config, pgbackrestConf(paths, port, pgbackrest.stanza));
  if (osUser !== undefined) await execa("chown", ["-R", `${osUser}:`, paths.directory]);
  const initdb = [join(server.bin, "initdb"), "-D", paths.data, "-U", server.user, "--data-checksums", "--no-sync"];
  const secured = ["--auth=scram-sha-256", `--pwfile=${paths.passwordFile}`, "--locale=C", "--encoding=UTF8"];
  await runAs(osUser, paths.directory, [...initdb, ...secured]);
  const archive =
    pgbackrest === undefined ? [] : archiveSettings(pgbackrest.program, pgbackrest.config, pgbackrest.stanza);
  const settings = postgresqlConf(paths, port, server.clusterName, archive);
  await writeFile(join(paths.data, "postgresql.conf"), settings, { flag: "a" });
  await writeFile(join(paths.data, "pg_hba.conf"), hbaConf);
  await writeFile(join(paths.data, "pg_ident.conf"), identConf(osUser ?? userInfo().username));
}

async function removeServer(server: LabServer): Promise<void> {
  const segment = await sharedMemoryOf(server.data);
  await killBelow(server.directory, server.clusterName);
  if (segment !== undefined) await freeSharedMemory(segment);
  await rm(server.directory, { recursive: true, force: true });
}

async function query<Row>(server: LabServer, database: string, text: string): Promise<Row[]> {
  const { port, user, password } = server;
  const client = new Client({ host: "127.0.0.1", port, user, password, database, ssl: false });
  // A connection that breaks fails the query, and is reported here as well.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const result: unknown = await client.query(text);
    const last: unknown = Array.isArray(result) ? result.at(-1) : result;
    return (last as { rows: Row[] }).rows;
  } finally {
    await client.end();
  }
}

async function required(program: Program): Promise<string> {
  const found = await findProgram(program);
  if (found === undefined) throw fail("PROGRAM_MISSING", `${program} is not installed`);
  return found;
}

/** A TCP port of 127.0.0.1 that nobody listens on now. */
async function freePort(): Promise<number> {
  const listener = createListener();
  return await new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      listener.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
