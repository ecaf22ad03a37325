import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { placesToLook, usersToTry } from "../../../src/cli/init/places.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "firedrill-places-"));
});
afterAll(() => rm(home, { recursive: true }));

const named = (environment: NodeJS.ProcessEnv) => placesToLook({}, environment, home).filter((place) => place.named);

test("without a word the usual port of this host comes last", () => {
  expect(placesToLook({}, {}, home).at(-1)).toMatchObject({ host: "127.0.0.1", port: 5432, named: false });
  expect(named({})).toEqual([]);
});

test("what is said now comes before the environment", () => {
  const places = placesToLook({ host: "said.lan", user: "dr" }, { PGHOST: "db.lan" }, home);
  expect(places.slice(0, 2)).toMatchObject([{ host: "said.lan", port: 5432, user: "dr" }, { host: "db.lan" }]);
});

test("the environment names a place and a user; what no plan could hold is passed over", () => {
  const place = { host: "db.lan", port: 5433, user: "dr", database: "postgres", tls: "verify-full", named: true };
  const environment = { PGHOST: "db.lan", PGPORT: "5433", PGUSER: "dr", PGSSLMODE: "verify-full" };
  expect(named(environment)).toEqual([place]);
  expect(usersToTry(place as typeof named extends (...a: never[]) => (infer P)[] ? P : never)).toEqual(["dr"]);
  for (const PGHOST of ["one,two", "postgres://u:secret@h/db", ""]) expect(named({ PGHOST })).toEqual([]);
  expect(named({ PGHOST: "h", PGPORT: "70000" })).toEqual([]);
});

test("the password file names hosts, with stars and backslashes; nothing of a password gets out", async () => {
  const rows = [
    "# comment",
    "*:*:*:dr:star",
    "",
    String.raw`db.lan:5433:my\:db:d\\r:pass\:word`,
    "other.lan:*:*:*:secret",
    "rubbish",
  ];
  await writeFile(join(home, ".pgpass"), rows.join("\n"));
  const found = named({});
  expect(found).toMatchObject([
    { host: "db.lan", port: 5433, database: "my:db", user: "d\\r" },
    { host: "other.lan", port: 5432, database: "postgres", user: undefined },
    { host: "rubbish", port: 5432 },
  ]);
  expect(JSON.stringify(found)).not.toMatch(/pass|word|secret/);
  await rm(join(home, ".pgpass"));
});

test("a service is looked up by its name, up to the next one", async () => {
  const file = [
    "[a]",
    "host=a.lan",
    "[b]",
    "# host=no.lan",
    "host=b.lan",
    "user = x",
    "password=secret",
    "[c]",
    "port=9",
  ];
  await writeFile(join(home, ".pg_service.conf"), file.join("\n"));
  expect(named({ PGSERVICE: "b" })).toMatchObject([{ host: "b.lan", port: 5432, user: undefined }]);
  expect(named({ PGSERVICE: "nobody" })).toEqual([]);
});
