import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { ListedSchedule } from "../../src/cli/schedule-list.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill();
  await drill.startWorker();
});
afterAll(async () => {
  await firedrill("schedule", "delete", "drill");
  await drill.remove();
});

/** As a script runs it, with any time zone of the machine. */
function firedrill(...args: string[]) {
  const env = {
    FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
    TEMPORAL_ADDRESS: inject("temporalAddress"),
    TZ: "Asia/Tokyo",
  };
  return execa(process.execPath, ["bin/firedrill.js", ...args], { env, reject: false, all: true, stdin: "ignore" });
}

/** The plain CLI. */
const temporal = (...args: string[]) =>
  execa(inject("temporalPath"), [...args, "--address", inject("temporalAddress")], { reject: false, all: true });

/** Begins a run of a schedule; its workflow ID. */
async function trigger(scheduleId: string): Promise<string> {
  const handle = drill.client.schedule.getHandle(scheduleId);
  const taken = async () => (await handle.describe()).info.numActionsTaken;
  const before = await taken();
  await handle.trigger();
  await expect.poll(taken).toBe(before + 1);
  return (await handle.describe()).info.recentActions.at(-1)!.action.workflow.workflowId;
}

const schedule = [
  { on: "first saturday", at: "03:00", timezone: "Europe/Berlin" },
  { run: "backup", cron: "0 1 * * *" },
];
const everything = async () =>
  JSON.parse((await firedrill("schedule", "list", "drill", "--json")).stdout) as ListedSchedule[];
const [exercise, backup] = ["firedrill/drill/exercise", "firedrill/drill/backup"];

test("apply says what it did, and what the plan no longer has is gone", async () => {
  const apply = async (...more: string[]) => (await firedrill("schedule", "apply", "drill", ...more)).stdout;
  await drill.plan(pgdump(drill));
  expect(await apply()).toBe("plan drill has no schedule");
  await drill.plan(pgdump(drill), { schedule: [...schedule, { name: "sundays", on: "sunday", at: "05:00" }] });
  expect(await apply()).toBe(`created    ${exercise}\ncreated    ${backup}\ncreated    firedrill/drill/sundays`);
  await expect.poll(everything, { timeout: 20_000 }).toHaveLength(3);
  await drill.plan(pgdump(drill), { schedule });
  expect(JSON.parse(await apply("--json"))).toEqual([
    { id: exercise, did: "unchanged" },
    { id: backup, did: "unchanged" },
    { id: "firedrill/drill/sundays", did: "deleted" },
  ]);
});

test("a plan that is wrong, or not there, changes nothing", async () => {
  await drill.plan(pgdump(drill), { schedule: { on: "last saturday", at: "03:00" } });
  const wrong = await firedrill("schedule", "apply", "drill");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.all).toContain("schedule.on: cannot be said to Temporal");
  expect((await firedrill("schedule", "apply", "dril")).all).toContain('Did you mean "drill"?');
  // The plan is wrong, and the schedules are there all the same.
  expect((await everything()).map(({ id }) => id)).toEqual([backup, exercise]);
  await drill.plan(pgdump(drill), { schedule });
});

test("list shows the next runs in the schedule's time zone, wherever it is asked", async () => {
  const { stdout } = await firedrill("schedule", "list", "drill");
  expect(stdout).toMatch(
    /^firedrill\/drill\/exercise {2}exercise: first saturday at 03:00 Europe\/Berlin\n {2}next: Sat \d{4}-\d\d-0\d 03:00, Sat \d{4}-\d\d-0\d 03:00, Sat \d{4}-\d\d-0\d 03:00\n {2}last: none yet$/m,
  );
  expect(stdout).toMatch(
    /^firedrill\/drill\/backup {2}backup: cron 0 1 \* \* \* UTC\n {2}next: \w{3} \d{4}-\d\d-\d\d 01:00,/m,
  );
  const nextRuns = (await everything())[0]!.nextRuns;
  expect(nextRuns).toHaveLength(3);
  expect(nextRuns.every((at) => at.endsWith("T01:00:00.000Z"))).toBe(true);
  expect((await firedrill("schedule", "list")).stdout).toBe(stdout);
});

test("the plain temporal CLI sees a schedule and triggers it; list tells the verdict of its run", async () => {
  expect((await temporal("schedule", "describe", "--schedule-id", backup)).all).toContain(
    "backup of plan drill, cron 0 1 * * * UTC",
  );
  const trigger = await temporal("schedule", "trigger", "--schedule-id", backup, "--overlap-policy", "Skip");
  expect(trigger.exitCode).toBe(0);
  const last = async () => (await everything()).find(({ id }) => id === backup)?.lastRuns[0];
  await expect.poll(async () => (await last())?.verdict, { timeout: 60_000 }).toBe("PASS");
  const run = (await last())!;
  expect(run).toMatchObject({ type: "backup", by: "schedule backup", reason: "cron 0 1 * * * UTC", status: "done" });
  expect((await firedrill("schedule", "list", "drill")).stdout).toMatch(
    new RegExp(`^ {2}last: \\w{3} \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d {2}PASS {10}${run.workflowId}$`, "m"),
  );
});

test("run begins what a schedule would begin now; a drill that destroys has to be named first", async () => {
  const run = (...more: string[]) => firedrill("schedule", "run", "drill", ...more);
  for (const more of [[], ["--yes"], ["--name", "exercise", "--yes", "--target", "ledger"]]) {
    const refused = await run(...more);
    expect([refused.exitCode, refused.all]).toEqual([2, expect.stringContaining("--target shop")]);
  }
  const names = async () => (await everything()).map(({ lastRuns }) => lastRuns.length);
  const before = await names();
  expect((await run("--name", "backup")).stdout).toBe(`begun  ${backup}`);
  const last = async () => (await everything()).find(({ id }) => id === backup)?.lastRuns;
  await expect.poll(async () => (await last())?.length, { timeout: 20_000 }).toBe(before[0]! + 1);
  await expect.poll(async () => (await last())?.[0]?.verdict, { timeout: 60_000 }).toBe("PASS");
  expect((await run("--name", "weekly")).all).toContain("It has backup, exercise.");

  await drill.plan(pgdump(drill, { connection: { ...pgdump(drill).connection, port: 1 } }), { schedule });
  await run("--name", "backup");
  await expect.poll(async () => (await last())?.[0]?.status, { timeout: 20_000 }).toBe("running");
  const { workflowId } = (await last())![0]!;
  const twice = await run("--name", "backup");
  expect([twice.exitCode, twice.all]).toEqual([2, expect.stringContaining(`run ${workflowId} of schedule`)]);
  await expect.poll(async () => (await firedrill("status", workflowId)).exitCode, { timeout: 30_000 }).toBe(5);
  await firedrill("abort", workflowId, "preflight/shop", "--reason", "wrong port");
  await expect.poll(async () => (await last())?.[0]?.verdict, { timeout: 20_000 }).toBe("FAIL");
  await drill.plan(pgdump(drill), { schedule });
});

test("a drill that meets a freeze is skipped: run, status, runs, report and list say so, and why", async () => {
  const freeze = [{ from: "2020-01-01", until: "2999-12-31", reason: "Christmas sales" }];
  await drill.plan(pgdump(drill), { schedule, freeze });
  const workflowId = await trigger(exercise);
  await expect
    .poll(async () => (await temporal("workflow", "describe", "--workflow-id", workflowId)).all, { timeout: 60_000 })
    .toContain("COMPLETED");
  const why = "Skipped before anything was destroyed: plan drill is frozen (Christmas sales)";
  const status = await firedrill("status", workflowId);
  expect(status.exitCode).toBe(4);
  expect(status.stdout).toContain(`SKIPPED  ${why}`);
  expect((await firedrill("report", workflowId)).stdout).toMatch(/^## \S+ SKIPPED: exercise of drill\n/);
  await expect
    .poll(async () => (await firedrill("runs")).stdout, { timeout: 20_000 })
    .toMatch(new RegExp(`SKIPPED .*${workflowId}`));
  expect((await firedrill("schedule", "list", "drill")).stdout).toContain(
    `SKIPPED       ${workflowId}\n        ${why}`,
  );
  const ofSchedules = (await everything()).map(({ name, lastRuns }) => [
    name,
    [...new Set(lastRuns.map(({ type }) => type))],
  ]);
  expect(ofSchedules).toEqual([
    ["backup", ["backup"]],
    ["exercise", ["exercise"]],
  ]);
  expect((await firedrill("trend", "drill")).all).toContain("no exercise of plan drill");

  const byHand = await firedrill("exercise", "drill", "--yes", "--target", "shop");
  expect(byHand.exitCode).toBe(3);
  expect(byHand.all).toContain("is frozen (Christmas sales)");
});

test("an audit of a schedule looks at what is frozen, and tells that a drill would be refused", async () => {
  const freeze = [{ from: "2020-01-01", until: "2999-12-31", reason: "Christmas sales" }];
  await drill.plan(pgdump(drill), { schedule: [...schedule, { run: "audit", on: "day", at: "06:00" }], freeze });
  expect((await firedrill("schedule", "apply", "drill")).stdout).toContain("created    firedrill/drill/audit");
  const workflowId = await trigger("firedrill/drill/audit");
  const ended = await firedrill("status", workflowId, "--watch");
  // The backup of the test before is whole.
  expect([ended.exitCode, ended.all]).toEqual([0, expect.stringContaining("PASS")]);
  const report = await firedrill("report", workflowId);
  expect(report.stdout).toContain("## A drill would be refused");
  expect(report.stdout).toContain("is frozen (Christmas sales)");
  await drill.plan(pgdump(drill), { schedule });
  await firedrill("schedule", "apply", "drill");
});

test("a schedule is paused, goes on and is deleted, one by its name or all of a plan", async () => {
  const paused = async () => Object.fromEntries((await everything()).map(({ name, paused: by }) => [name, by]));
  const pause = (...args: string[]) => firedrill("schedule", ...args, "--by", "anna", "--reason", "the storage moves");
  expect((await pause("pause", "drill", "--name", "backup")).stdout).toBe(`paused  ${backup}`);
  expect(await paused()).toEqual({ backup: "paused by anna: the storage moves", exercise: null });
  expect((await firedrill("schedule", "list", "drill")).stdout).toContain(
    "  paused: paused by anna: the storage moves",
  );
  expect((await pause("pause", "drill")).stdout).toBe(`paused  ${backup}\npaused  ${exercise}`);
  await pause("unpause", "drill");
  expect(await paused()).toEqual({ backup: null, exercise: null });

  const wrong = await pause("pause", "drill", "--name", "weekly");
  expect([wrong.exitCode, wrong.all]).toEqual([2, expect.stringContaining("It has backup, exercise.")]);

  await rm(join(drill.directory, "plans", "drill.yaml"));
  const left = await firedrill("schedule", "apply", "drill");
  expect([left.exitCode, left.all]).toEqual([2, expect.stringContaining("firedrill schedule delete drill")]);
  expect((await firedrill("schedule", "delete", "drill", "--name", "backup")).stdout).toBe(`deleted  ${backup}`);
  expect((await firedrill("schedule", "delete", "drill", "--json")).stdout).toContain(exercise);
  const gone = await firedrill("schedule", "list", "drill");
  expect([gone.exitCode, gone.all]).toEqual([2, expect.stringContaining("firedrill schedule apply drill")]);
});
