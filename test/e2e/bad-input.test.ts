import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programs } from "../../src/activities/pgdump/programs.ts";
import { requireSettable } from "../../src/activities/pgdump/rights.ts";
import { inspectServer } from "../../src/activities/postgres/server.ts";
import type { PgDumpComponent } from "../../src/plan/schema.ts";
import { createDrill, type Drill, pgdump, step } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill();
  await drill.server.sql(
    "postgres",
    "create role late superuser login password 'late-password' valid until '2020-01-01'",
  );
  await drill.server.sql("postgres", "create role weak login password 'weak-password'");
  await drill.server.sql("postgres", "grant all on database shop to weak");
  await drill.server.sql("postgres", "create role maker createdb login password 'weak-password'");
  for (const setting of ["app.most = 1", "log_duration = off", "work_mem = '8MB'"])
    await drill.server.sql("postgres", `alter database shop set ${setting}`);
  await drill.startWorker({ LATE: "late-password", WEAK: "weak-password" });
});
afterAll(() => drill.remove());

const connection = (change: object) => ({ connection: { ...pgdump(drill).connection, ...change } });

/** Each is wrong in one way and waits at the preflight with a failure that says what and where. */
test.each([
  [
    "unreachable server",
    () => connection({ port: 1 }),
    "SYSTEM_UNREACHABLE",
    /postgres on 127\.0\.0\.1:1 does not answer/,
  ],
  ["unknown host", () => connection({ host: "no-such-host.invalid" }), "SYSTEM_UNREACHABLE", /no-such-host\.invalid/],
  [
    "expired password",
    () => connection({ user: "late", password: { env: "LATE" } }),
    "AUTHENTICATION_FAILED",
    /refuses user late/,
  ],
  ["wrong password", () => connection({ password: { env: "WEAK" } }), "AUTHENTICATION_FAILED", /refuses user postgres/],
  [
    "no password",
    () => connection({ password: undefined }),
    "AUTHENTICATION_FAILED",
    /asks user postgres for a password/,
  ],
  [
    "missing secret",
    () => connection({ password: { env: "NOT_THERE" } }),
    "SECRET_MISSING",
    /no environment variable NOT_THERE/,
  ],
  [
    "missing secret file",
    () => connection({ password: { file: "/no/such/file" } }),
    "SECRET_MISSING",
    /\/no\/such\/file \(ENOENT\)/,
  ],
  [
    "a user who may not create databases",
    () => connection({ user: "weak", password: { env: "WEAK" } }),
    "PERMISSION_DENIED",
    /weak may not create databases/,
  ],
  [
    "a user who may not give the database its settings back",
    () => connection({ user: "maker", password: { env: "WEAK" } }),
    "PERMISSION_DENIED",
    /has settings that user maker may not give it back: app\.most, log_duration$/,
  ],
  [
    "dumps directory that is a file",
    () => ({ dumps: join(drill.directory, "file") }),
    "PERMISSION_DENIED",
    /file is in the way|ENOTDIR|may not write/,
  ],
] as const)("%s", async (_, change, type, message) => {
  await writeFile(join(drill.directory, "file"), "");
  await drill.plan(pgdump(drill, change()));
  const run = await drill.start();
  const waiting = await run.until("preflight/shop", "waiting");
  const failure = step(waiting, "preflight/shop").failures[0]!;
  expect(failure.type).toBe(type);
  expect(failure.message).toMatch(message);
  expect(failure.hint).not.toBe("");
  expect(JSON.stringify(waiting)).not.toMatch(/late-password|weak-password/);
  await run.decide("preflight/shop", "abort");
  expect((await run.end()).status).toBe("aborted");
});

test("settings of roles come back only by who may alter those roles", async () => {
  const { port } = drill.server;
  const sql = (text: string) => drill.server.sql("postgres", text);
  await sql("create database of_roles");
  await sql("alter role reader in database of_roles set work_mem = '8MB'");
  const connection = { host: "127.0.0.1", port, user: "maker", password: "weak-password", database: "postgres" };
  const ask = async () => {
    const client = new Client(connection);
    await client.connect();
    const component = { ...pgdump(drill), connection, database: "of_roles" } as unknown as PgDumpComponent;
    try {
      return await requireSettable(client, component, (await inspectServer(client)).versionNumber);
    } finally {
      await client.end();
    }
  };
  await expect(ask()).rejects.toMatchObject({
    type: "PERMISSION_DENIED",
    message: expect.stringMatching(/has settings of roles that user maker may not alter: reader$/) as string,
  });
  await sql("alter role maker createrole");
  await ask();
  await sql("alter role maker nocreaterole");
  await sql("alter role maker in database of_roles set work_mem = '8MB'");
  await sql("alter role reader in database of_roles reset work_mem");
  await ask();
});

test("client programs that are older than the server are named, with what to install", async () => {
  await expect(programs(990_001)).rejects.toMatchObject({
    type: "UNSUPPORTED_VERSION",
    message: expect.stringMatching(/^pg_dump \d+ cannot dump a server of version 99$/) as string,
  });
});

test("a server that is too old is named", async () => {
  const old = { query: () => Promise.resolve({ rows: [{ number: 130_022, version: "13.22" }] }) } as unknown as Client;
  await expect(inspectServer(old)).rejects.toMatchObject({
    type: "UNSUPPORTED_VERSION",
    message: "the server is PostgreSQL 13.22; Firedrill needs 14 or newer",
  });
});

test("a database that does not exist is refused, not made", async () => {
  await drill.plan(pgdump(drill, { database: "shoq" }));
  const record = await (await drill.start()).end();
  expect(record).toMatchObject({ status: "refused" });
});

test("a plan with errors fails the run at once with all of them", async () => {
  await writeFile(
    join(drill.directory, "plans", "drill.yaml"),
    "name: drill\ncomponents:\n  - { name: shop, kind: pgdump, databse: shop, dumps: dumps }\n",
  );
  const failure = (await (await drill.start()).handle.result().catch((error: unknown) => error)) as {
    cause: { cause: Error };
  };
  expect(failure.cause.cause.message).toMatch(/drill\.yaml:3:\d+ components\[?\.?0.*databse/);
  expect(failure.cause.cause.message).toMatch(/must be an absolute path/);
});

test.runIf(process.getuid?.() === 0)(
  "disk full while dumping waits with the place; after room was made, retry goes on",
  async () => {
    const small = join(drill.directory, "small");
    await mkdir(small);
    await execa("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", small]);
    try {
      await drill.plan(pgdump(drill, { dumps: join(small, "dumps"), keepFree: "0 B" }));
      // The preflight sees room enough; a lock holds the dump back until the disk is nearly full.
      const locker = new Client({
        host: "127.0.0.1",
        port: drill.server.port,
        user: "postgres",
        password: drill.server.password,
        database: "shop",
      });
      await locker.connect();
      await locker.query("begin; lock table customer in access exclusive mode");
      const run = await drill.start("exercise", { scenario: "none" });
      await run.until("backup/shop", "running");
      await execa("dd", ["if=/dev/zero", `of=${join(small, "filler")}`, "bs=1M"], { reject: false });
      await locker.end();
      const full = await run.until("backup/shop", "waiting");
      expect(step(full, "backup/shop").failures[0]).toMatchObject({ type: "DISK_FULL" });
      await rm(join(small, "filler"));
      await run.decide("backup/shop", "retry");
      expect((await run.end()).verdict).toBe("PASS");
    } finally {
      await execa("umount", ["-l", small]);
      await rm(small, { recursive: true });
    }
  },
);
