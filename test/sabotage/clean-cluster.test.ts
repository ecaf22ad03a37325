import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { pgbackrest, pgdump, programsOf } from "../support/drill.ts";
import { rowsOfRun } from "../support/matrix.ts";
import { randomOf } from "../support/random.ts";
import { type CleanStage, createStage, expectClean, note } from "./clean-stage.ts";
import { whileWriting, type Traffic, traffics, written } from "./clean-traffic.ts";

/** Whole clusters by pgBackRest, and several components at once: no drill without sabotage may fail. */

interface Row {
  run: "exercise" | "exercise beside" | "backup" | "restore";
  backup: "full" | "diff" | "incr";
  traffic: Traffic;
}

const random = randomOf(inject("matrix").seed);
const shuffled = <Value>(list: readonly Value[]) =>
  list
    .map((value) => [random(), value] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, value]) => value);
const runs = shuffled<Row["run"]>([
  "exercise",
  "exercise",
  "exercise",
  "exercise",
  "exercise beside",
  "restore",
  "backup",
]);
const backups = shuffled<Row["backup"]>(["full", "diff", "incr"]);
const rows = shuffled(Object.keys(traffics) as Traffic[]).map((traffic, n): Row => ({
  traffic,
  run: runs[n % runs.length]!,
  backup: backups[n % backups.length]!,
}));

const several = ["one", "Two", "three 3"];

let stage: CleanStage;
beforeAll(async () => {
  const made = await createStage(15, several, true);
  if (typeof made === "string") throw new Error(made);
  stage = made;
  const { server } = stage.drill;
  await server.sql("shop", written);
  await server.sql("shop", "create unlogged table quick (id serial primary key); insert into quick default values");
  await server.sql("postgres", 'create database "Second Base"');
  await server.sql("Second Base", "create table t (a int); insert into t values (1)");
});
afterAll(() => stage.remove());

async function run({ run: what }: Row): Promise<RunRecord> {
  const { drill } = stage;
  if (what === "exercise beside") return (await drill.start("exercise", { scenario: "none" })).end();
  if (what !== "restore") return (await drill.start(what)).end();
  expectClean(await (await drill.start("backup")).end(), []);
  await drill.server.stop("immediate");
  return (await drill.start("restore")).end();
}

test.for(rowsOfRun(rows).map((row) => ({ row, name: `${row.run}, ${row.backup}, writers: ${row.traffic}` })))(
  "pgbackrest: $name",
  async ({ row, name }) => {
    const { drill } = stage;
    const { port, user, password } = drill.server;
    await drill.plan(pgbackrest(drill, { backup: row.backup }));
    const login = { host: "127.0.0.1", port, user, password, database: "shop" };
    const record = await whileWriting(login, row.traffic, () => run(row));
    // They have one checksum for all: while they are written nobody can compare them.
    expectClean(record, row.traffic === "large objects" ? ["large-objects"] : []);
    expect(await programsOf(drill.directory)).toEqual([]);
    await note(stage, `pgbackrest: ${name}`, record);
  },
);

test("several components at once", async () => {
  const { drill } = stage;
  for (const database of several) {
    await drill.server.sql("postgres", `create database "${database}"`);
    await drill.server.sql(database, "create table t as select i from generate_series(1, 1000) i");
  }
  await drill.plan(
    several.map((database, n) =>
      pgdump(drill, { name: `c${n}`, database, dumps: join(drill.directory, "several", String(n)) }),
    ),
  );
  const record = await (await drill.start()).end();
  expectClean(record, []);
  expect(record.components).toHaveLength(3);
  await note(stage, "exercise of three databases of one server", record);
});
