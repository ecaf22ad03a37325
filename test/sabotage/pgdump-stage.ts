import { cp, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runAs } from "../../lab/as-user.ts";
import { type Manifest, sealOf } from "../../src/activities/pgdump/sets.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";
import type { DrillRun, Point, Stage } from "./driver.ts";

/** A drill of one database, and the harm that can be done to it. */

export const at = {
  backup: { moment: "step-begin", step: "^backup/shop$" },
  proof: { moment: "step-begin", step: "^backup/proof/shop$" },
  destroy: { moment: "step-begin", step: "^destroy/shop$" },
  dropped: { moment: "sql-end", step: "^destroy/shop$", what: "^drop database" },
  control: { moment: "step-begin", step: "^restore/control/shop$" },
  restore: { moment: "step-begin", step: "^restore/shop$" },
  verify: { moment: "step-begin", step: "^verify/shop$" },
  place: { moment: "step-begin", step: "^verify/place/shop$" },
  cleanup: { moment: "step-begin", step: "^report/cleanup$" },
} as const satisfies Record<string, Point>;

/** Kept as it was at the start; each row gets a copy of it. */
const original = "original";

export async function pgdumpStage(): Promise<Stage> {
  const drill = await createDrill({ hooks: true });
  const { server } = drill;
  await server.sql("postgres", "create role staff");
  await server.sql("postgres", "grant staff to reader");
  await server.sql("shop", "grant usage on schema public to staff");
  await server.sql("postgres", `create database ${original} template shop`);
  return { drill, reset, identity, leftBehind };
}

async function reset(drill: Drill): Promise<void> {
  const { server } = drill;
  await drill.hooks.clear();
  await drill.configure({});
  await drill.plan(pgdump(drill));
  await rm(dumpsOf(drill), { recursive: true, force: true });
  const names = await server.sql<{ name: string }>(
    "postgres",
    `select datname as name from pg_database where datname not in ('postgres', 'template0', 'template1', '${original}')`,
  );
  for (const { name } of names) await server.sql("postgres", `drop database "${name}" with (force)`);
  await server.sql("postgres", `create database shop template ${original}`);
  await server.sql("postgres", "alter database shop set work_mem = '9MB'");
  await server.sql("postgres", "grant connect on database shop to reader");
}

async function identity({ server }: Drill): Promise<string> {
  const rows = await server.sql<{ oid: number }>("postgres", "select oid from pg_database where datname = 'shop'");
  return String(rows[0]?.oid);
}

async function leftBehind(drill: Drill, record: RunRecord): Promise<string[]> {
  const { server } = drill;
  const named = record.leftovers.map(({ where }) => where).join(" ");
  const databases = await server.sql<{ name: string }>("postgres", "select datname as name from pg_database");
  const schemas = databases.some(({ name }) => name === "shop")
    ? await server.sql("shop", "select from pg_namespace where nspname = 'firedrill'")
    : [];
  const dumps = await readdir(dumpsOf(drill)).catch(() => []);
  return [
    ...databases
      .map(({ name }) => name)
      .filter((name) => !["postgres", "shop", "template0", "template1", original].includes(name))
      .filter((name) => !named.includes(name)),
    ...(schemas.length > 0 && !named.includes("shop on ") ? ["schema firedrill"] : []),
    ...dumps.filter((name) => name.endsWith(".partial")),
  ];
}

export const dumpsOf = (drill: Drill): string => join(drill.directory, "dumps");

/** Directory of the newest dump. */
export async function newestSet(drill: Drill): Promise<string> {
  const names = (await readdir(dumpsOf(drill))).filter((name) => !name.endsWith(".json"));
  return join(dumpsOf(drill), names.sort().at(-1)!);
}

/** The largest file of the newest dump's data: where most of the rows are. */
export async function dataFile(drill: Drill): Promise<string> {
  const directory = join(await newestSet(drill), "data");
  const files = (await readdir(directory)).filter((name) => name.endsWith(".gz"));
  const sized = await Promise.all(
    files.map(async (name) => ({ name, bytes: (await readFile(join(directory, name))).length })),
  );
  return join(directory, sized.sort((a, b) => b.bytes - a.bytes)[0]!.name);
}

/** Flips one bit of one byte. @param offset bytes from the start */
export async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    byte[0]! ^= 1;
    await file.write(byte, 0, 1, offset);
  } finally {
    await file.close();
  }
}

/** Name of the database that a run restores into. */
export async function scratchOf(run: DrillRun): Promise<string> {
  return `shop_firedrill_${(await run.record()).directory.slice(-8)}`;
}

/** The run's own directory on the worker. */
export async function runDirectoryOf(drill: Drill, run: DrillRun): Promise<string> {
  return join(drill.directory, "state", "runs", (await run.record()).directory.split("/").at(-1)!);
}

/** Does SQL in the database that was just restored. */
export const inScratch =
  (text: string) =>
  async ({ server }: Drill, run: DrillRun): Promise<unknown> =>
    await server.sql(await scratchOf(run), text);

/** SQL through the socket as the server's own user, which needs no password. */
export async function asOwner({ server }: Drill, text: string): Promise<string> {
  const psql = [join(server.bin, "psql"), "-X", "-q", "-t", "-h", server.socket, "-p", String(server.port)];
  return await runAs(server.osUser, server.directory, [...psql, "-U", "postgres", "-d", "postgres", "-c", text]);
}

/** Changes a file of a table or an index on the disk while the server is down, so that no buffer hides it. */
export async function damageRelation(
  { server }: Drill,
  database: string,
  relation: string,
  change: (path: string) => Promise<void>,
): Promise<void> {
  const rows = await server.sql<{ path: string }>(database, `select pg_relation_filepath('${relation}') as path`);
  await server.stop();
  await change(join(server.data, rows[0]!.path));
  await server.start();
}

/** A backup of the database as it is now; returns the dump's directory. */
export async function earlierBackup(drill: Drill): Promise<string> {
  await drill.ensureWorker();
  await (await drill.start("backup")).end();
  return await newestSet(drill);
}

/** Puts one dump where another one is, under the other one's name and ID. */
export async function impersonate(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true });
  await cp(from, to, { recursive: true });
  const path = join(to, "manifest.json");
  const { sha256: _, ...manifest } = JSON.parse(await readFile(path, "utf8")) as Manifest;
  const unsealed = { ...manifest, id: to.split("/").at(-1)! };
  await writeFile(path, JSON.stringify({ ...unsealed, sha256: sealOf(unsealed) }));
}

/** A program that stands in for another one: gets the real one and its arguments. @param text of a shell script */
export async function script(drill: Drill, name: string, text: string): Promise<string> {
  const path = join(drill.directory, "scripts", name);
  await mkdir(join(drill.directory, "scripts"), { recursive: true, mode: 0o755 });
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}
