import { access, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import pg from "pg";
import { expect } from "vitest";
import { otherVersion } from "../../lab/versions.ts";
import { findAll } from "../../src/activities/postgres/programs.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump, programsOf } from "../support/drill.ts";
import { everythingRoles } from "../support/everything.ts";
import { noteRow } from "../support/matrix.ts";
import { dataSets } from "./clean-data.ts";
import { type CleanRow, describeRow } from "./clean-rows.ts";
import { whileWriting, written } from "./clean-traffic.ts";

/** A server of one version with a worker, on which one row after another is run. */
export interface CleanStage {
  drill: Drill;
  /** server_version_num */
  version: number;
  /** A pg_dump for plain dumps: the server's package may have none. */
  pgDump: string;
  tls: boolean;
  remove(): Promise<void>;
}

const owner = "App Owner";
const ownersPassword = "owner's password";

/**
 * @param databases that may be destroyed, besides the whole cluster
 * @returns why the version cannot be had
 */
export async function createStage(major: number, databases: string[], archive = false): Promise<CleanStage | string> {
  const programs = await mkdtemp(join(tmpdir(), "firedrill-version-"));
  await chmod(programs, 0o755);
  const other = major === 15 ? { bin: undefined, path: [] } : await otherVersion(major, programs);
  if (typeof other === "string") return other;
  const drill = await createDrill({ archive, bin: other.bin });
  const { server, directory } = drill;
  const owners = pg.escapeIdentifier(owner);
  await server.sql("postgres", everythingRoles);
  await server.sql("postgres", `create role ${owners} login createdb password ${pg.escapeLiteral(ownersPassword)}`);
  await server.sql("postgres", `create role dr login superuser password ${pg.escapeLiteral(server.password)}`);
  await writeFile(join(directory, "owner-password"), ownersPassword, { mode: 0o600 });
  const own = [...other.path, server.bin].map((path) => join(path, "pg_dump"));
  const pgDump = await firstOf([...own, ...(await findAll("pg_dump"))]);
  const tls = (await serveTls(drill)) && (await knowsTls(pgDump));
  const { systemIdentifier, data } = server;
  await drill.configure({
    mayDestroy: [{ systemIdentifier, data }, ...[...new Set(databases)].flatMap((name) => mayDestroy(drill, name))],
  });
  await drill.startWorker({ PATH: [...other.path, process.env["PATH"]].join(delimiter) });
  const [about] = await server.sql<{ version: number }>(
    "postgres",
    "select current_setting('server_version_num')::int as version",
  );
  const remove = async () => {
    await drill.remove();
    await rm(programs, { recursive: true });
  };
  return { drill, version: about!.version, pgDump, tls, remove };
}

function mayDestroy({ server }: Drill, database: string) {
  const { systemIdentifier, port, socket } = server;
  return ["127.0.0.1", socket].map((host) => ({ systemIdentifier, server: `${host}:${port}`, database }));
}

async function firstOf(files: string[]): Promise<string> {
  for (const file of files) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  throw new Error(`none of them is there: ${files.join(", ")}`);
}

/** The programs of a package may have been built without TLS although its server has it. */
async function knowsTls(pgDump: string): Promise<boolean> {
  const { stderr } = await execa(pgDump, ["--dbname=host=/nonexistent sslmode=require"], { reject: false });
  return !stderr.includes("SSL support is not compiled in");
}

/** @returns false where the server was built without TLS */
async function serveTls({ server }: Drill): Promise<boolean> {
  const [key, certificate] = [join(server.data, "server.key"), join(server.data, "server.crt")];
  const subject = ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"];
  await execa("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...subject, "-keyout", key, "-out", certificate]);
  await chmod(key, 0o600);
  if (server.osUser !== undefined) await execa("chown", [`${server.osUser}:`, key, certificate]);
  try {
    await server.sql("postgres", "alter system set ssl = on");
  } catch {
    return false;
  }
  await server.sql("postgres", "select pg_reload_conf()");
  return true;
}

/** Runs one row and expects that all is proven. */
export async function cleanRun(stage: CleanStage, row: CleanRow): Promise<void> {
  const { drill } = stage;
  const { database } = row;
  const name = pg.escapeIdentifier(database);
  const byOwner = row.connection === "owner";
  await drill.server.sql("postgres", `create database ${name}${byOwner ? ` owner ${pg.escapeIdentifier(owner)}` : ""}`);
  const login = { ...loginOf(drill, byOwner), database };
  try {
    for (const sql of [...dataSets[row.data].sql(stage.version, name), written]) await query(login, sql);
    const dumps = join(drill.directory, `dumps-${Date.now()}`);
    const plan = (more: object = {}) =>
      drill.plan(pgdump(drill, { ...componentOf(stage, row), dumps, ...more }), { objectives: row.objectives });
    await plan();
    const record = await whileWriting(login, row.traffic, () => carryOut(stage, row, plan));
    expectClean(record, byOwner ? ["amcheck"] : []);
    expect(await programsOf(drill.directory)).toEqual([]);
    expect(record.leftovers.map(({ what }) => what)).toEqual(row.run === "restore of a plain dump" ? ["database"] : []);
    await note(stage, row, record);
  } finally {
    await dropAll(drill);
  }
}

async function carryOut(
  { drill, pgDump }: CleanStage,
  row: CleanRow,
  plan: (more: object) => Promise<void>,
): Promise<RunRecord> {
  const end = async (type: "exercise" | "backup" | "restore", more: object = {}) =>
    (await drill.start(type, more)).end();
  const { server, directory } = drill;
  switch (row.run) {
    case "exercise":
      return end("exercise");
    case "exercise beside":
      return end("exercise", { scenario: "none" });
    case "backup":
      return end("backup");
    case "restore": {
      expectClean(await end("backup"), []);
      await server.sql("postgres", `drop database ${pg.escapeIdentifier(row.database)} with (force)`);
      return end("restore");
    }
    case "restore of a plain dump": {
      const file = join(directory, "nightly.sql.gz");
      const args = [`--dbname=dbname='${row.database.replaceAll(/['\\]/g, "\\$&")}'`];
      const { stdout } = await execa(pgDump, args, { env: server.env });
      await writeFile(file, gzipSync(`${stdout}\n`));
      await plan({ plain: file });
      return end("restore");
    }
  }
}

function loginOf({ server }: Drill, byOwner: boolean): pg.ClientConfig {
  const { port, user, password } = server;
  const who = byOwner ? { user: owner, password: ownersPassword } : { user, password };
  return { host: "127.0.0.1", port, ...who };
}

function componentOf({ drill, tls }: CleanStage, { connection, database, format, jobs, retention }: CleanRow): object {
  const { port, passwordFile, socket } = drill.server;
  const password = { file: passwordFile };
  const connections: Record<CleanRow["connection"], object> = {
    tcp: { port, password },
    tls: { port, password, tls: tls ? "require" : "prefer" },
    socket: { host: socket, port, user: "dr", password },
    owner: { port, user: owner, password: { file: join(drill.directory, "owner-password") } },
  };
  return { connection: connections[connection], database, format, jobs, retention };
}

async function query(login: pg.ClientConfig, sql: string): Promise<void> {
  const client = new pg.Client({ ...login, options: "-c default_transaction_read_only=off -c statement_timeout=0" });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** @param unproven checks that cannot be made, or not always */
export function expectClean(record: RunRecord, unproven: string[]): void {
  expect(record.steps.flatMap(({ id, failures }) => failures.map(({ message }) => `${id}: ${message}`))).toEqual([]);
  const checks = record.components.flatMap((component) => component.checks);
  const failed = checks.filter(({ proven, passed }) => proven && !passed);
  expect(failed.map(({ name, found }) => `${name}: ${found}`)).toEqual([]);
  const open = checks.filter(({ proven }) => !proven).map(({ name }) => name);
  expect(open.filter((name) => !unproven.includes(name))).toEqual([]);
  expect(record.refusals).toEqual([]);
  expect([record.status, record.verdict]).toEqual(["done", open.length === 0 ? "PASS" : "INCONCLUSIVE"]);
}

export async function note({ version }: CleanStage, row: CleanRow | string, record: RunRecord): Promise<void> {
  const major = Math.floor(version / 10_000);
  await noteRow({
    sabotage: "none",
    when: "",
    means: `PostgreSQL ${major}: ${typeof row === "string" ? row : describeRow(row)}`,
    verdict: record.verdict ?? "",
    diagnosis: record.diagnosis[0]?.cause ?? "",
  });
}

/** Also what a run moved aside or left because it failed. */
async function dropAll({ server }: Drill): Promise<void> {
  const names = await server.sql<{ name: string }>(
    "postgres",
    "select datname as name from pg_database where datname not in ('postgres', 'template0', 'template1', 'shop')",
  );
  for (const { name } of names)
    await server.sql("postgres", `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}
