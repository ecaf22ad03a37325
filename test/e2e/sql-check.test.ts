import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { askOnce, noteBefore } from "../../src/activities/checks/index.ts";
import { Check } from "../../src/plan/check-schema.ts";

/** The check `sql` against a real server. */

let directory: string;
let server: LabServer;
const around = { session: undefined, signal: new AbortController().signal };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fd-sql-"));
  await chmod(directory, 0o755);
  server = await createServer({ directory: join(directory, "pg"), name: "pg" });
  await server.sql("postgres", "create table orders (id int, paid boolean)");
});
afterAll(async () => {
  await server?.remove();
  await rm(directory, { recursive: true, force: true });
});

const note = async (query: string, more: object = {}) => {
  const connection = { port: server.port, password: { file: server.passwordFile } };
  return await noteBefore([Check.parse({ kind: "sql", connection, database: "postgres", query, ...more })], around);
};
const answer = async (noted: Awaited<ReturnType<typeof note>>) => (await askOnce(noted, around))[0]!;

test("what it answered before it must answer again, as PostgreSQL writes it", async () => {
  const noted = await note("select count(*) from orders");
  expect(await answer(noted)).toMatchObject({ ok: true, found: "0", expected: "0" });
  await server.sql("postgres", "insert into orders values (1, true)");
  expect(await answer(noted)).toMatchObject({ ok: false, found: "1", expected: "0" });
});

test("or what the plan says, also where there is no row and no value", async () => {
  expect(await answer(await note("select bool_and(paid) from orders", { equals: "t" }))).toMatchObject({ ok: true });
  expect(await answer(await note("select true", { equals: "true" }))).toMatchObject({ ok: false, found: "t" });
  expect(await answer(await note("select id from orders where id = 9"))).toMatchObject({ ok: false, found: "no row" });
  expect(await answer(await note("select null", { equals: "" }))).toMatchObject({ ok: false, found: "null" });
});

test("it changes nothing, and what cannot be asked does not pass", async () => {
  const writing = await answer(await note("delete from orders returning id", { equals: "1" }));
  expect(writing).toMatchObject({ ok: false, found: expect.stringContaining("read-only") as string });
  expect(await server.sql("postgres", "select count(*) from orders")).toEqual([{ count: "1" }]);
  const noted = await note("select no_such_column from orders");
  expect(await answer(noted)).toMatchObject({
    ok: false,
    found: expect.stringContaining("cannot be compared") as string,
  });
});
