import { createHash } from "node:crypto";
import { cp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { backrest } from "../../lab/postgres.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { flipByte } from "../sabotage/damage.ts";
import { createDrill, type Drill, pgbackrest, pgdump, programsOf } from "../support/drill.ts";

/** Audits of a real server by both kinds: what is well passes and is not touched, what is broken is named. */

let drill: Drill;
/** Audits of both kinds from before there was any backup. */
const withoutBackup: RunRecord[] = [];
const dumps = () => join(drill.directory, "dumps");
const repository = () => drill.server.pgbackrest!.repository;

beforeAll(async () => {
  drill = await createDrill({ archive: true, hooks: true });
  await drill.startWorker();
  await drill.server.sql("postgres", "alter system set archive_timeout = 0");
  await drill.server.sql("postgres", "select pg_reload_conf()");
  for (const component of [pgdump(drill), pgbackrest(drill)]) {
    await drill.plan(component);
    withoutBackup.push(await (await drill.start("audit")).end());
  }
  await drill.plan(pgdump(drill));
  expect((await (await drill.start("backup")).end()).verdict).toBe("PASS");
  await backrest(drill.server, "backup", "--type=full");
});
beforeEach(() => drill.plan(pgdump(drill)));
afterAll(() => drill.remove());

/** Every file below a directory, with its content and when it was last written. */
async function tree(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.toSorted().map(async (path) => {
      const sum = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
      return `${path} ${(await stat(path)).mtimeMs} ${sum}`;
    }),
  );
}

/** What an audit could change: the server's objects and rows, its WAL file, dumps and repository. */
async function everything() {
  const { server } = drill;
  return {
    databases: await server.sql("postgres", "select oid, datname from pg_database order by 1"),
    roles: await server.sql("postgres", "select rolname from pg_roles order by 1"),
    schemas: await server.sql("shop", "select nspname from pg_namespace order by 1"),
    rows: await server.sql("shop", "select md5(string_agg(c::text, '' order by id)) from customer c"),
    // No segment is switched, archived or marked.
    wal: await server.sql("shop", "select pg_walfile_name(pg_logical_emit_message(true, 'test', 'here'))"),
    dumps: await tree(dumps()),
    repository: [...(await tree(join(repository(), "archive"))), ...(await tree(join(repository(), "backup")))],
  };
}

async function audit(): Promise<RunRecord> {
  const record = await (await drill.start("audit")).end();
  expect(recheck(JSON.parse(JSON.stringify(record))).found).toEqual([]);
  expect(record.leftovers).toEqual([]);
  return record;
}

async function expectFail(...cause: string[]): Promise<RunRecord> {
  const record = await audit();
  expect(record).toMatchObject({ status: "done", verdict: "FAIL" });
  for (const words of cause) {
    expect(record.summary).toContain(words);
    expect(record.diagnosis.map((one) => one.cause).join("\n")).toContain(words);
  }
  return record;
}

const kinds = { pgdump, pgbackrest };

describe.each(["pgdump", "pgbackrest"] as const)("%s", (kind) => {
  const component = (more: object = {}) => kinds[kind](drill, more);

  test("what is well passes, with the backup's age, and nothing has changed", async () => {
    await drill.plan(component());
    const before = await everything();
    const record = await audit();
    expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], rto: { seconds: null } });
    const [only] = record.components;
    const age = (Date.parse(record.endedAt!) - Date.parse(only!.newestRecoveredAt!)) / 1_000;
    expect(record.rpo.seconds).toBeGreaterThan(0);
    expect(record.rpo.seconds).toBeLessThanOrEqual(age);
    expect(only!.backup!.id).not.toBe("");
    expect(await everything()).toEqual(before);
    expect(await programsOf(drill.directory)).toEqual([]);
  });

  test("a backup older than the objective is FAIL with its age", async () => {
    await drill.plan(component(), { objectives: { rpo: "1s" } });
    const record = await expectFail("its newest backup is ");
    expect(record.components[0]!.provenAt).not.toBeNull();
    expect(record.rpo.seconds).toBeGreaterThan(1);
  });

  test("a server that does not answer is FAIL", async () => {
    await drill.plan(component({ connection: { ...component().connection, port: 1 } }));
    const record = await expectFail("127.0.0.1:1");
    expect(record.steps.map(({ status }) => status)).toEqual(["aborted", "done", "pending", "done", "done"]);
  });
});

test("guards that would only refuse a drill are told, and are no failure", async () => {
  await drill.server.sql("postgres", "create database other");
  await drill.plan(pgdump(drill, { database: "other" }));
  expect((await (await drill.start("backup")).end()).verdict).toBe("PASS");
  const record = await audit();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [{ guard: "allow-list" }] });
  expect(record.summary).toContain("A drill would be refused by: allow-list.");
  await drill.server.sql("postgres", "drop database other");
});

/** Breaks a file, sees what an audit says, and puts the file back as it was. */
async function whileBroken(path: string, harm: () => Promise<unknown>, look: () => Promise<unknown>): Promise<void> {
  const { mode, uid, gid, mtime } = await stat(path);
  const content = await readFile(path);
  await harm();
  try {
    await look();
  } finally {
    await writeFile(path, content, { mode });
    await execa("chown", [`${uid}:${gid}`, path]);
    await execa("touch", ["-d", mtime.toISOString(), path]);
  }
}

async function newestSet(): Promise<string> {
  const names = await readdir(dumps());
  const plans = await Promise.all(
    names.map(
      async (name) => [name, JSON.parse(await readFile(join(dumps(), name, "manifest.json"), "utf8"))] as const,
    ),
  );
  return join(
    dumps(),
    plans
      .filter(([, { database }]) => database === "shop")
      .map(([name]) => name)
      .toSorted()
      .at(-1)!,
  );
}

test.each(["data/toc.dat", "manifest.json", "fingerprint.json"])("one byte of %s is another: FAIL", async (file) => {
  const path = join(await newestSet(), file);
  await whileBroken(
    path,
    () => flipByte(path, 0.5),
    () => expectFail(path.endsWith("toc.dat") ? "other content" : file),
  );
});

test("no backup at all is FAIL, and no directory is made for one", async () => {
  expect(withoutBackup.map(({ verdict, summary }) => [verdict, summary])).toEqual([
    ["FAIL", expect.stringContaining(`shop: there is no backup of shop in ${dumps()}`)],
    ["FAIL", expect.stringContaining("ledger: stanza pg has no backup")],
  ]);
  await drill.plan(pgdump(drill, { dumps: join(drill.directory, "nothing") }));
  await expectFail("there is no backup of shop");
  expect(await readdir(drill.directory)).not.toContain("nothing");
});

test("a dump that another run removes while it is read gives way to the newer one", async () => {
  const older = await newestSet();
  expect((await (await drill.start("backup")).end()).verdict).toBe("PASS");
  const newer = await newestSet();
  const aside = join(drill.directory, basename(newer));
  await rename(newer, aside);
  await rename(older, `${older}.kept`);
  await cp(`${older}.kept`, older, { recursive: true, preserveTimestamps: true });
  const script = join(drill.directory, "overtaken.sh");
  await writeFile(script, `#!/bin/sh\nif [ -e ${aside} ]; then mv ${aside} ${newer}; rm -r ${older}; fi\nexec "$@"\n`, {
    mode: 0o755,
  });
  const undo = await drill.hooks.replace("pg_restore .*--file=/dev/null", script);
  const record = await audit();
  await undo();
  await rename(`${older}.kept`, older);
  expect(record).toMatchObject({ verdict: "PASS", components: [{ backup: { id: basename(newer) } }] });
});

test("a plain dump may hold damage that nobody can see: INCONCLUSIVE", async () => {
  const path = join(drill.directory, "other-job.sql");
  await writeFile(path, "select 1;\n-- PostgreSQL database dump complete\n");
  await drill.plan(pgdump(drill, { plain: path }));
  const record = await audit();
  expect(record).toMatchObject({ verdict: "INCONCLUSIVE", components: [{ backup: { id: path } }] });
  expect(record.diagnosis[0]!.cause).toContain("has no checksums");
  await rm(path);
});

test("a file that is missing in the repository is FAIL", async () => {
  await drill.plan(pgbackrest(drill));
  const [path] = globSync(join(repository(), "backup", "*", "*F", "pg_data", "global", "pg_control*"));
  await whileBroken(
    path!,
    () => rm(path!),
    () => expectFail("pgbackrest verify found damage"),
  );
});

test.each([
  ["last but one", -2, "lacks WAL"],
  ["newest", -1, "but the server had archived"],
])("the %s WAL segment is missing in the repository: FAIL", async (_, at, words) => {
  await drill.plan(pgbackrest(drill));
  const { server } = drill;
  const write = "insert into same_name values (3, 3, 300); select pg_walfile_name(pg_switch_wal()) as segment";
  const [row] = await server.sql<{ segment: string }>("shop", write);
  const archived = () => server.sql("postgres", "select last_archived_wal as segment from pg_stat_archiver");
  await expect.poll(archived, { timeout: 20_000 }).toEqual([row]);
  const segments = globSync(join(repository(), "archive", "*", "*", "*", "*-*")).toSorted();
  const path = segments.filter((name) => /[0-9A-F]{24}-[0-9a-f]{40}/.test(name)).at(at)!;
  await whileBroken(
    path,
    () => rm(path),
    () => expectFail("the archive of ", words),
  );
});

test("the command line: exit codes, report, list and preview", async () => {
  const firedrill = (...args: string[]) =>
    execa(process.execPath, ["bin/firedrill.js", ...args], {
      env: { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: inject("temporalAddress") },
      reject: false,
      all: true,
      stdin: "ignore",
    });
  const passed = await firedrill("audit", "drill", "--id", `${drill.taskQueue}-a`, "--by", "anna");
  expect(passed.all).toContain("PASS  shop could be recovered now: each newest backup was read and is whole");
  expect(passed.all).toMatch(/shop +PASS +– +5m +\S+ +5m/);
  expect(passed.exitCode).toBe(0);
  const checked = await firedrill("report", `${drill.taskQueue}-a`, "--recheck");
  expect(checked.exitCode, checked.all).toBe(0);
  const list = await firedrill("runs", "--type", "audit", "--json");
  expect(JSON.parse(list.stdout)).toContainEqual(expect.objectContaining({ type: "audit", verdict: "PASS" }));
  const preview = await firedrill("plan", "show", join(drill.directory, "plans", "drill.yaml"), "--type", "audit");
  expect(preview.all).toContain("audit drill: 5 steps");
  expect(preview.all).not.toContain("DESTROYS");
  await drill.plan(pgdump(drill, { dumps: join(drill.directory, "nothing") }));
  expect((await firedrill("audit", "drill")).exitCode).toBe(1);
});
