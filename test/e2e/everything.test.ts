import { mkdtemp, chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import {
  applyProperties,
  applySettings,
  createDatabase,
  readProperties,
} from "../../src/activities/pgdump/properties.ts";
import { amcheck } from "../../src/activities/postgres/amcheck.ts";
import { type Client, connect } from "../../src/activities/postgres/client.ts";
import type { Fingerprint } from "../../src/activities/postgres/fingerprint.ts";
import { Connection } from "../../src/plan/schema.ts";
import { differences, fingerprintOf } from "../support/differences.ts";
import { everything, everythingOfDatabase, everythingRoles } from "../support/everything.ts";
import { harmsToObjects } from "../support/harms-to-objects.ts";
import { harmsToTables } from "../support/harms-to-tables.ts";

/** A database with one of everything, dumped and restored: no difference, and each harm to the copy is one. */

let directory: string;
let server: LabServer;
let expected: Fingerprint;
let copy: Client;

beforeAll(async () => {
  directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  server = await createServer({ directory: join(directory, "pg"), name: "pg" });
  await server.sql("postgres", everythingRoles);
  await server.sql("postgres", 'create database "Every ""Thing"""');
  const [version] = await server.sql<{ number: number }>(
    "postgres",
    "select current_setting('server_version_num')::int as number",
  );
  for (const part of everything(version!.number)) await server.sql('Every "Thing"', part);
  await server.sql("postgres", everythingOfDatabase('"Every ""Thing"""'));
  const connection = Connection.parse({ port: server.port, password: { file: server.passwordFile } });
  const live = await connect(connection, 'Every "Thing"');
  expected = await fingerprintOf(live);
  const properties = await readProperties(live);
  await live.end();
  const dump = join(directory, "dump");
  const run = (program: string, ...args: string[]) => execa(join(server.bin, program), args, { env: server.env });
  await run("pg_dump", "--format=custom", `--file=${dump}`, 'Every "Thing"');
  await server.sql("postgres", createDatabase("copy", properties));
  for (const statement of applySettings("copy", properties)) await server.sql("postgres", statement);
  // Not the owner of what comes back.
  await server.sql("postgres", `create role restorer superuser login password '${server.password}'`);
  const env = { ...server.env, PGUSER: "restorer", PGOPTIONS: "-c default_transaction_read_only=off" };
  await execa(join(server.bin, "pg_restore"), ["--exit-on-error", "--dbname=copy", dump], { env });
  for (const statement of applyProperties("copy", properties)) await server.sql("postgres", statement);
  copy = await connect(connection, "copy");
});
afterAll(async () => {
  // Ends the connection as well, where there is one: the set-up may have failed half-way.
  await server.remove();
  await rm(directory, { recursive: true });
});

test("a dump and restore of everything is no difference", async () => {
  expect(differences(expected, await fingerprintOf(copy))).toEqual([]);
  expect(await amcheck(copy)).toMatchObject({ result: "passed", exact: true });
});

describe("a harm to the copy is a difference, by name", () => {
  test.each([...harmsToObjects, ...harmsToTables])("%s", async (_, sql, named) => {
    await copy.query("begin");
    try {
      await copy.query(sql);
      expect(differences(expected, await fingerprintOf(copy)).join("; ")).toContain(named);
    } finally {
      await copy.query("rollback");
      // Sequences do not roll back.
      await copy.query("select setval('public.used', 9007199254740993), setval('public.set_only', 400, false)");
    }
  });
});
