import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, type DrillRun, pgdump, programsOf } from "../support/drill.ts";

/** A cancelled step hears of it later than the clean-up begins: whatever it still makes must not stay behind. */
let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
});
beforeEach(async () => {
  await drill.killWorker();
  await drill.hooks.clear();
  await drill.startWorker();
  // What one test has found to be left must not be found by the next.
  for (const name of (await databases()).filter((one) => one.startsWith("shop_")))
    await drill.server.sql("postgres", `drop database "${name}" with (force)`);
});
afterAll(() => drill.remove());

const beforeItsScratch = { moment: "sql-begin", step: "^restore/shop$", what: "^create database" } as const;
const beforeItBegins = { moment: "step-begin", step: "^restore/shop$" } as const;

const made = async () =>
  (await drill.hooks.effects()).filter(
    ({ moment, what }) => moment === "sql-end" && what.startsWith("create database"),
  );

async function databases(): Promise<string[]> {
  const names = await drill.server.sql<{ datname: string }>("postgres", "select datname from pg_database order by 1");
  return names.map(({ datname }) => datname);
}

async function nothingLeft(): Promise<void> {
  expect(await databases()).toEqual(["postgres", "shop", "template0", "template1"]);
  expect(await programsOf(drill.directory)).toEqual([]);
}

const over = "the run is over";

/** What the clean-up says about itself, empty before it begins. */
async function progress({ handle }: DrillRun): Promise<string> {
  const { raw, status } = await handle.describe();
  if (status.name !== "RUNNING") return over;
  const cleanUp = raw.pendingActivities?.find(({ activityId }) => activityId === "report/cleanup");
  return Buffer.from(cleanUp?.heartbeatDetails?.payloads?.[0]?.data ?? []).toString();
}

/** The clean-up has begun; the step may hear of the cancellation up to two seconds later. */
const cleaningUp = (run: DrillRun) =>
  expect
    .poll(async () => {
      const barred = (await drill.hooks.effects()).some(
        ({ moment, what }) => moment === "file-end" && /\/closing\//.test(what),
      );
      return barred || (await progress(run)) === over;
    })
    .toBe(true);

/** Copies that the server makes at this moment. */
const copies = () =>
  drill.server.sql(
    "postgres",
    "select pid from pg_stat_activity where query like 'create database%' and state = 'active'",
  );

const cancelled = { status: "cancelled", verdict: "INCONCLUSIVE", leftovers: [] };

const filesOf = async ({ directory }: RunRecord, ...path: string[]) =>
  await readdir(join(drill.directory, "state", "runs", basename(directory), ...path)).catch(() => ["none yet"]);

/** Nobody works on the step any more. */
const hasLetGo = (record: RunRecord) =>
  expect.poll(() => filesOf(record, "turns", "restore.shop"), { timeout: 20_000 }).toEqual([]);

/** A step that has begun notes its attempt before all else. */
async function hasNotBegun(record: RunRecord): Promise<void> {
  await hasLetGo(record);
  const attempts = await filesOf(record, "attempts");
  expect(attempts.filter((name) => name.startsWith("restore.shop."))).toEqual([]);
}

test("cancelled while it makes its scratch database: the clean-up waits for it", async () => {
  const hold = await drill.hooks.hold(beforeItsScratch);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  await run.handle.cancel();
  await cleaningUp(run);
  await hold.release();
  await hasLetGo(await run.record());
  expect(await made()).toHaveLength(1);
  expect(await run.end()).toMatchObject(cancelled);
  await nothingLeft();
});

test("the same beside a second worker, which cleans up", async () => {
  const hold = await drill.hooks.hold(beforeItsScratch);
  const run = await drill.start("exercise", { scenario: "none" });
  const { pid } = await hold.reached();
  const log = (await drill.workerLog()).length;
  await drill.startWorker();
  await expect.poll(async () => (await drill.workerLog()).slice(log), { timeout: 20_000 }).toContain("is ready");
  // It takes no new task any more, and works on until its step lets go.
  process.kill(pid, "SIGTERM");
  await run.handle.cancel();
  await expect.poll(() => progress(run), { timeout: 15_000 }).toMatch(/waiting|over/);
  expect(await progress(run)).toContain(`waiting for restore.shop (process ${pid}) to let go`);
  await hold.release();
  expect(await run.end()).toMatchObject(cancelled);
  await nothingLeft();
});

test("cancelled while its server makes the scratch database: that one is not made any more", async () => {
  const hold = await drill.hooks.hold(beforeItsScratch);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  // Whoever copies template0 waits for this transaction, whether or not somebody waits for the copy.
  const { port, user, password } = drill.server;
  const slow = new Client({ host: "127.0.0.1", port, user, password, database: "postgres" });
  await slow.connect();
  await slow.query("begin; alter database template0 rename to template2");
  await hold.release();
  await expect.poll(copies, { timeout: 5_000 }).toHaveLength(1);
  await run.handle.cancel();
  expect(await run.end()).toMatchObject(cancelled);
  await slow.query("rollback");
  await slow.end();
  await expect.poll(copies, { timeout: 5_000 }).toEqual([]);
  await nothingLeft();
});

test("cancelled, and its worker is killed with -9 while the clean-up waits: nobody is waited for any more", async () => {
  const hold = await drill.hooks.hold(beforeItsScratch);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  await run.handle.cancel();
  await cleaningUp(run);
  await drill.killWorker();
  await drill.startWorker();
  await hold.release();
  expect(await run.end()).toMatchObject(cancelled);
  expect(await made()).toEqual([]);
  await nothingLeft();
});

test("cancelled, and it does not let go: it loses what it works with, and what it makes meanwhile is removed, too", async () => {
  const hold = await drill.hooks.hold(beforeItsScratch);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  await run.handle.cancel();
  // The sentinel goes with the first clean-up, which does not wait for ever.
  const sentinels = () => drill.server.sql("shop", "select from pg_namespace where nspname = 'firedrill'");
  await expect.poll(sentinels, { timeout: 30_000 }).toEqual([]);
  await hold.release();
  expect(await run.end()).toMatchObject(cancelled);
  await nothingLeft();
});

test("cancelled before it begins: it does not begin after the clean-up", async () => {
  const hold = await drill.hooks.hold(beforeItBegins);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  await run.handle.cancel();
  const record = await run.end();
  expect(record).toMatchObject(cancelled);
  await hold.release();
  await hasNotBegun(record);
  await nothingLeft();
});

test("terminated before it begins: it does not begin after the sweeper was there", async () => {
  const hold = await drill.hooks.hold(beforeItBegins);
  const run = await drill.start("exercise", { scenario: "none" });
  await hold.reached();
  const record = await run.record();
  await run.handle.terminate("for the test");
  const report = () => readFile(join(record.directory, "report.json"), "utf8");
  await expect.poll(report, { timeout: 40_000 }).toContain("Ended from outside (terminated)");
  await hold.release();
  await hasNotBegun(record);
  await nothingLeft();
});
