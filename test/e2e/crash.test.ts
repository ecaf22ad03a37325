import { execa } from "execa";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { stringify } from "yaml";
import { identify, isAlive } from "../../src/activities/process-identity.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump, programsOf } from "../support/drill.ts";

/** Ends that are no crash, and who cleans up then. What `kill -9` does is in test/crash/. */
let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
});
beforeEach(async () => {
  await drill.ensureWorker();
  await drill.hooks.clear();
});
afterAll(() => drill.remove());

const dumping = { moment: "program", step: "^backup.shop", what: "pg_dump --format" } as const;
const restoring = { moment: "program", step: "^restore.shop", what: "pg_restore --jobs" } as const;

const databases = async () =>
  (await drill.server.sql<{ datname: string }>("postgres", "select datname from pg_database order by 1")).map(
    ({ datname }) => datname,
  );
const schemas = async () =>
  (
    await drill.server.sql<{ nspname: string }>(
      "shop",
      "select nspname from pg_namespace where nspname !~ '^(pg_|information)'",
    )
  ).map(({ nspname }) => nspname);
const partial = async () => (await readdir(join(drill.directory, "dumps"))).filter((name) => name.endsWith(".partial"));
const reportOf = async ({ directory }: RunRecord) =>
  JSON.parse(await readFile(join(directory, "report.json"), "utf8")) as RunRecord;

async function nothingLeft(): Promise<void> {
  expect(await databases()).toEqual(["postgres", "shop", "template0", "template1"]);
  expect(await schemas()).toEqual(["public"]);
  expect(await partial()).toEqual([]);
  expect(await programsOf(drill.directory)).toEqual([]);
}

test("a worker that is stopped in order leaves the program running for the next one", async () => {
  const hold = await drill.hooks.hold(restoring);
  const run = await drill.start();
  await hold.reached();
  await drill.killWorker("SIGTERM");
  const next = await drill.hooks.hold({ moment: "step-begin", step: "^restore/shop$" });
  await drill.startWorker();
  expect((await next.reached()).attempt).toBe(2);
  await next.release();
  await hold.release();
  expect((await run.end()).verdict).toBe("PASS");
  const starts = (await drill.hooks.effects()).filter(
    ({ moment, what }) => moment === "program" && /--jobs/.test(what),
  );
  expect(starts.filter(({ step }) => step.startsWith("restore.shop"))).toHaveLength(1);
});

test("cancelled while dumping: the dump stops and nothing half-done stays", async () => {
  const hold = await drill.hooks.hold(dumping);
  const run = await drill.start();
  await hold.reached();
  await run.handle.cancel();
  const record = await run.end();
  expect(record).toMatchObject({ status: "cancelled", verdict: "INCONCLUSIVE", leftovers: [] });
  await nothingLeft();
});

describe("the sweeper", () => {
  const swept = (record: RunRecord) =>
    expect
      .poll(async () => (await reportOf(record)).summary, { timeout: 30_000 })
      .toContain("Ended from outside (terminated)");

  test("cleans up after a run that was terminated while restoring, and says so in the report", async () => {
    const hold = await drill.hooks.hold(restoring);
    const run = await drill.start("exercise", { scenario: "none" });
    await hold.reached();
    const running = await run.record();
    expect(await databases()).toHaveLength(5);
    await run.handle.terminate("for the test");
    await swept(running);
    await nothingLeft();
  });

  test("waits for the clean-up of the run itself, as long as that has not heard of the end", async () => {
    const hold = await drill.hooks.hold({ moment: "sql-begin", step: "^report/cleanup$", what: "^lock table" });
    const run = await drill.start();
    await hold.reached();
    const running = await run.record();
    await run.handle.terminate("for the test");
    await hold.release();
    await swept(running);
    await expect.poll(async () => (await drill.hooks.effects()).at(-1)?.moment, { timeout: 10_000 }).toBe("step-end");
    await nothingLeft();
    expect((await reportOf(running)).leftovers).toEqual([]);
  });

  test("leaves alone what a finished run has kept for a person, and its report", async () => {
    await (await drill.start("backup")).end();
    const finished = await (await drill.start("restore")).end();
    expect(finished).toMatchObject({ verdict: "PASS", leftovers: [{ what: "database" }] });
    const aside = (await databases()).find((name) => name.startsWith("shop_before_"));
    const report = await reportOf(finished);
    await drill.killWorker();
    // The next worker looks at once, before it gets this run.
    await drill.startWorker();
    await (await drill.start("backup")).end();
    expect(await databases()).toContain(aside);
    expect(await reportOf(finished)).toEqual(report);
    await drill.server.sql("postgres", `drop database "${aside}"`);
  });
});

test("firedrill dev tells of a missing directory of plans; killed with -9, it takes its worker along", async () => {
  const config = join(drill.directory, "dev.yaml");
  await writeFile(
    config,
    stringify({ plans: "./dev/plans", records: "./dev/records", state: "./dev/state", taskQueue: "dev" }),
  );
  const env = { FIREDRILL_CONFIG: config, TEMPORAL_ADDRESS: inject("temporalAddress") };
  const dev = execa(process.execPath, ["bin/firedrill.js", "dev"], { env, reject: false, all: true, stdin: "ignore" });
  let said = "";
  dev.all.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 30_000 }).toContain("the directory of plans does not exist");
  const children = await readFile(`/proc/${dev.pid}/task/${dev.pid}/children`, "utf8");
  const worker = await identify(Number(children.trim().split(" ").at(-1)));
  expect(worker).toBeDefined();
  dev.kill("SIGKILL");
  await expect.poll(() => isAlive(worker!), { timeout: 15_000 }).toBe(false);
});
