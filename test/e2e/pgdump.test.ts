import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { createDrill, type Drill, pgdump, programsOf, step } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
});
beforeEach(() => drill.plan(pgdump(drill)));
afterAll(() => drill.remove());

const databases = async () =>
  (await drill.server.sql<{ datname: string }>("postgres", "select datname from pg_database order by 1")).map(
    ({ datname }) => datname,
  );
const plain = ["postgres", "shop", "template0", "template1"];
const schemas = async () =>
  (
    await drill.server.sql<{ nspname: string }>(
      "shop",
      "select nspname from pg_namespace where nspname !~ '^(pg_|information)'",
    )
  ).map(({ nspname }) => nspname);

test("scenario database: destroyed, restored and proven, and nothing stays behind", async () => {
  const before = await drill.server.sql("shop", "select count(*) from customer");
  const run = await drill.start();
  const record = await run.end();
  expect(record).toMatchObject({ verdict: "PASS", status: "done", leftovers: [] });
  expect(record.components[0]!.checks.map(({ name, proven, passed }) => [name, proven && passed])).toEqual(
    [
      "sentinel",
      "heartbeats",
      "tables",
      "objects",
      "sequences",
      "roles",
      "settings",
      "large-objects",
      "indexes",
      "amcheck",
      "place",
    ].map((name) => [name, true]),
  );
  expect(
    record.components[0]!.checks.filter(({ name }) => name !== "place").every(
      ({ negativeControl }) => negativeControl?.passed === false,
    ),
  ).toBe(true);
  expect(record.rto.seconds).toBeGreaterThan(0);
  expect(record.rpo.seconds).toBeGreaterThan(0);
  expect(await databases()).toEqual(plain);
  expect(await schemas()).toEqual(["public"]);
  expect(await drill.server.sql("shop", "select count(*) from customer")).toEqual(before);
  expect(await drill.server.sql("shop", "show work_mem")).toEqual([{ work_mem: "9MB" }]);
  expect(await programsOf(drill.directory)).toEqual([]);
  expect((await readdir(record.directory)).sort()).toEqual(["report.html", "report.json", "report.md", "trail.jsonl"]);
});

test("a restore whose jobs got into each other's way is done again by one job alone", async () => {
  const script = join(drill.directory, "deadlock.sh");
  // Half a restore, then the words that were seen of pg_restore 18, where indexes of partitions were attached.
  const text = `case "$*" in *--jobs=1*) exec "$@" ;; esac
"$@" --section=pre-data
echo "pg_restore: error: could not execute query: ERROR:  deadlock detected" >&2
exit 1`;
  await writeFile(script, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const undo = await drill.hooks.replace("pg_restore .*--dbname", script);
  const record = await (await drill.start("exercise", { scenario: "none" })).end();
  await undo();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  const jobs = (await drill.hooks.effects())
    .filter(({ moment, what }) => moment === "program" && /pg_restore .*--dbname/.test(what))
    .map(({ what }) => /--jobs=(\d)/.exec(what)?.[1]);
  expect(jobs.slice(-2)).toEqual(["2", "1"]);
});

test("scenario none: restored beside the live database, which is not touched", async () => {
  const oid = () => drill.server.sql("postgres", "select oid from pg_database where datname = 'shop'");
  const before = await oid();
  const record = await (await drill.start("exercise", { scenario: "none" })).end();
  expect(record.verdict).toBe("PASS");
  expect(await oid()).toEqual(before);
  expect(await databases()).toEqual(plain);
  expect(await schemas()).toEqual(["public"]);
});

test("a database that the worker may not destroy is refused, with the line that would allow it", async () => {
  await drill.server.sql("postgres", "create database other");
  await drill.plan(pgdump(drill, { database: "other" }));
  const record = await (await drill.start()).end();
  expect(record.status).toBe("refused");
  expect(record.refusals[0]!.hint).toContain(
    `{ systemIdentifier: "${drill.server.systemIdentifier}", server: "127.0.0.1:${drill.server.port}", database: other }`,
  );
  expect(await databases()).toContain("other");
  await drill.server.sql("postgres", "drop database other");
});

describe("what was written meanwhile", () => {
  test("is no false alarm: writers go on during backup and are lost as measured RPO", async () => {
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n += 1)
        await drill.server
          .sql("shop", `insert into customer (name) values ('late ${n}')`)
          .catch(() => "the database is gone for a while");
    })();
    const record = await (await drill.start()).end();
    writing = false;
    await writer;
    expect(record.verdict).toBe("PASS");
    expect(record.components[0]!.checks.find(({ name }) => name === "tables")).toMatchObject({
      exact: true,
      passed: true,
    });
  });
});

describe("a damaged dump is found before anything is destroyed", () => {
  const dumps = () => join(drill.directory, "dumps");
  const flip = async (file: string) => {
    const bytes = await readFile(file);
    bytes[20]! ^= 1;
    await writeFile(file, bytes);
  };
  const cut = async (file: string) => truncate(file, (await readFile(file)).length - 1);

  test.each([
    ["cut by one byte", cut, /has \d+ bytes instead of|cannot be read to its end/],
    ["one bit flipped", flip, /has other content|cannot be read to its end/],
  ])("%s", async (_, change, message) => {
    const proof = await drill.hooks.hold({ moment: "step-begin", step: "^backup/proof/shop$" });
    const run = await drill.start();
    await proof.reached();
    const newest = (await readdir(dumps())).sort().at(-1)!;
    const file = (await readdir(join(dumps(), newest, "data"))).find((name) => name.endsWith(".gz"))!;
    await change(join(dumps(), newest, "data", file));
    await proof.release();
    const waiting = await run.until("backup/proof/shop", "waiting");
    expect(step(waiting, "backup/proof/shop").failures[0]).toMatchObject({
      type: "BACKUP_NOT_VERIFIED",
      message: expect.stringMatching(message) as string,
    });
    await run.decide("backup/proof/shop", "abort");
    expect((await run.end()).verdict).toBe("FAIL");
    expect(await databases()).toEqual(plain);
    expect(await schemas()).toEqual(["public"]);
  });
});

test("a database that took the name of the one that was backed up is not destroyed", async () => {
  const proof = await drill.hooks.hold({ moment: "step-begin", step: "^backup/proof/shop$" });
  const run = await drill.start();
  await proof.reached();
  // A blue/green swap in the middle of the run; the heartbeat's connection has to go for it.
  const swap = `do $$ begin perform pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'shop'; end $$`;
  await drill.server.sql("postgres", swap);
  await drill.server.sql("postgres", "alter database shop rename to shop_old");
  await drill.server.sql("postgres", "create database shop");
  await proof.release();
  const waiting = await run.until("destroy/shop", "waiting");
  expect(step(waiting, "destroy/shop").failures[0]).toMatchObject({ type: "IDENTITY_CHANGED" });
  await run.decide("destroy/shop", "abort");
  expect((await run.end()).verdict).toBe("FAIL");
  expect(await databases()).toContain("shop");
  await drill.server.sql("postgres", "drop database shop with (force)");
  await drill.server.sql("postgres", "alter database shop_old rename to shop");
  await drill.server.sql("shop", "drop schema if exists firedrill cascade");
});

test("a changed value is found in a column of any name", async () => {
  const verify = await drill.hooks.hold({ moment: "step-begin", step: "^verify/shop$" });
  const run = await drill.start("exercise", { scenario: "none" });
  await verify.reached();
  const { directory } = await run.record();
  const scratch = `shop_firedrill_${directory.slice(-8)}`;
  await drill.server.sql(scratch, "update same_name set balance = 0 where balance = 100");
  await verify.release();
  const record = await run.end();
  expect(record.verdict).toBe("FAIL");
  expect(record.components[0]!.checks.find(({ name }) => name === "tables")).toMatchObject({
    passed: false,
    found: expect.stringContaining("same_name") as string,
  });
});

describe("restore after a real loss", () => {
  test("brings back the newest good dump, passing over an altered one", async () => {
    expect((await (await drill.start("backup")).end()).verdict).toBe("PASS");
    expect((await (await drill.start("backup")).end()).verdict).toBe("PASS");
    const newest = (await readdir(join(drill.directory, "dumps"))).sort().at(-1)!;
    await writeFile(join(drill.directory, "dumps", newest, "data", "toc.dat"), "no");
    await drill.server.sql("postgres", "drop database shop with (force)");
    const record = await (await drill.start("restore")).end();
    expect(record.verdict).toBe("PASS");
    expect(step(record, "restore/shop").note).toMatch(/skipped .*toc\.dat has 2 bytes instead/);
    expect(await databases()).toEqual(plain);
  });

  test("a plain .sql.gz of a nightly job comes back, and what was there is kept under another name", async () => {
    const { stdout } = await execa(join(inject("postgresBin"), "pg_dump"), ["shop"], { env: drill.server.env });
    const file = join(drill.directory, "nightly.sql.gz");
    await writeFile(file, gzipSync(`${stdout}\n`));
    await drill.plan(
      pgdump(drill, { dumps: join(drill.directory, "no-dumps"), plain: join(drill.directory, "nightly*.sql.gz") }),
    );
    const record = await (await drill.start("restore")).end();
    expect(record.verdict).toBe("PASS");
    expect(record.leftovers).toMatchObject([
      { what: "database", where: expect.stringContaining("shop_before_") as string },
    ]);
    const aside = (await databases()).find((name) => name.startsWith("shop_before_"))!;
    await drill.server.sql("postgres", `drop database ${aside}`);
    // pg_dump's last line is gone, the rest is whole: psql alone would say that all is well.
    await writeFile(file, gzipSync(stdout.replace(/--\n-- PostgreSQL database dump complete[\s\S]*$/, "")));
    const run = await drill.start("restore");
    const waiting = await run.until("restore/shop", "waiting");
    expect(step(waiting, "restore/shop").failures[0]!.message).toMatch(
      /is not complete: pg_dump's last line is missing/,
    );
    await run.decide("restore/shop", "abort");
    await run.end();
    expect(await databases()).toEqual(plain);
  });
});
