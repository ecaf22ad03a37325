import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LabServer } from "../lab/postgres.ts";
import { archiveSettings } from "../lab/server-files.ts";
import { PgDumpComponent } from "../src/plan/schema.ts";
import { shopSql } from "./data.ts";

/** A database with the shop's data and a plan of the same name that protects it. */
export interface Protected {
  server: LabServer;
  component: PgDumpComponent;
  /** Of the database, with its indexes. */
  bytes: number;
}

export async function makeShop(server: LabServer, name: string, scale: number, root: string): Promise<Protected> {
  const { schema, rows, after } = shopSql(scale);
  await server.sql("postgres", `create database ${name}`);
  await server.sql(name, schema);
  await Promise.all(rows.map(async (text) => await server.sql(name, text)));
  for (const text of after) await server.sql(name, text);
  const [size] = await server.sql<{ bytes: string }>(name, "select pg_database_size(current_database())::text bytes");
  const { port, user, passwordFile } = server;
  const component = {
    name: "shop",
    kind: "pgdump",
    connection: { port, user, password: { file: passwordFile } },
    database: name,
    dumps: join(root, "dumps", name),
    retention: { count: 1 },
  };
  await writePlan(root, name, component);
  return { server, component: PgDumpComponent.parse(component), bytes: Number(size?.bytes) };
}

export async function writePlan(root: string, name: string, component: object): Promise<void> {
  await mkdir(join(root, "plans"), { recursive: true, mode: 0o700 });
  await writeFile(join(root, "plans", `${name}.yaml`), stringify({ name, components: [component] }));
}

/** Off: WAL counts as archived at once. Whoever switches it on makes a backup next, so that no WAL is missing to it. */
export async function setArchiving(server: LabServer, on: boolean): Promise<void> {
  const { program = "", config = "", stanza = "" } = server.pgbackrest ?? {};
  const line = archiveSettings(program, config, stanza).find((setting) => setting.startsWith("archive_command"));
  const command = on ? line?.replace("archive_command = ", "") : "'true'";
  await server.sql("postgres", `alter system set archive_command = ${command}`);
  await server.sql("postgres", "select pg_reload_conf()");
}

/** What a new run should not have to do for the one before. */
export async function settle(server: LabServer, database: string): Promise<void> {
  await server.sql(database, "vacuum analyze");
  await server.sql(database, "checkpoint");
}
