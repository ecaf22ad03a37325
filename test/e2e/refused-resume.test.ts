import { randomUUID } from "node:crypto";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { PastRun } from "../../src/cli/history.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

/** A resume that is refused leaves no trace that is taken for the run: the run itself is shown, listed and resumed. */

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill();
  await drill.startWorker();
});
afterAll(() => drill.remove());

function firedrill(...args: string[]) {
  const env = {
    FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
    TEMPORAL_ADDRESS: inject("temporalAddress"),
  };
  return execa(process.execPath, ["bin/firedrill.js", ...args], { env, reject: false, all: true, stdin: "ignore" });
}

const resume = (id: string) => firedrill("resume", id, "--reason", "again", "--by", "carla", "--yes");
const wrongPort = () => pgdump(drill, { connection: { ...pgdump(drill).connection, port: 1 } });

/** Started, waiting at its first step. */
async function waitingRun(): Promise<string> {
  const id = `refused-${randomUUID()}`;
  await drill.plan(wrongPort());
  await firedrill("exercise", "drill", "--scenario", "none", "--detach", "--id", id);
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 30_000 }).toBe(5);
  return id;
}

/** Hides what the worker has kept of a run; call what comes back to bring it back. */
async function hideRecords(id: string): Promise<() => Promise<void>> {
  const records = join(drill.directory, "records");
  const name = (await readdir(records)).find((one) => one.startsWith(id))!;
  const [from, to] = [join(records, name), join(drill.directory, name)];
  await rename(from, to);
  return () => rename(to, from);
}

test("a run whose resume was refused is shown as it is, listed once and can still be resumed", async () => {
  const id = await waitingRun();
  await firedrill("abort", id, "preflight/shop", "--reason", "wrong port");
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 30_000 }).toBe(1);
  const before = JSON.parse((await firedrill("report", id, "--json")).stdout) as RunRecord;

  const bringBack = await hideRecords(id);
  for (let n = 0; n < 2; n += 1) {
    const refused = await resume(id);
    expect(refused.all).toMatch(/^error: this worker has no record .*\nhint: .*$/m);
    expect(refused.all.match(/this worker has no record/g)).toHaveLength(1);
    expect(refused.exitCode).toBe(2);
  }
  await bringBack();

  expect(JSON.parse((await firedrill("report", id, "--json")).stdout)).toEqual(before);
  expect((await firedrill("report", id)).stdout).not.toContain("RUNNING");
  expect((await firedrill("report", id, "--recheck")).exitCode).toBe(0);
  for (const args of [["status", id], ["status"], ["status", id, "--watch"]]) {
    const { exitCode, all } = await firedrill(...args);
    expect(all).toContain("Given up: postgres on 127.0.0.1:1 does not answer");
    expect(all).not.toContain("has no record");
    expect(exitCode).toBe(1);
  }
  const listed = async () =>
    (JSON.parse((await firedrill("runs", "--json")).stdout) as PastRun[]).filter((one) => one.workflowId === id);
  expect(await listed()).toMatchObject([{ status: "aborted", runId: before.run.runId }]);

  await drill.plan(pgdump(drill));
  const resumed = await resume(id);
  expect(resumed.exitCode, resumed.all).toBe(0);
  expect((await listed()).map(({ status }) => status)).toEqual(["done"]);
});

test("a plan that cannot be read refuses a resume the same way", async () => {
  const id = await waitingRun();
  await firedrill("abort", id, "preflight/shop", "--reason", "wrong port");
  await drill.plan({});
  await expect.poll(async () => (await resume(id)).all, { timeout: 30_000 }).toMatch(/missing key/);
  await drill.plan(pgdump(drill));
  const resumed = await resume(id);
  expect(resumed.exitCode, resumed.all).toBe(0);
});

test("what is known to be refused starts nothing: a run that is over, or under way, and an audit", async () => {
  const id = await waitingRun();
  const open = await resume(id);
  expect(open.all).toMatch(/run refused-\S+ is under way \(run ID \S+\)/);
  expect(open.all).toContain(`status ${id} --watch`);
  expect(open.all).not.toContain("--id");
  expect(open.exitCode).toBe(2);
  await drill.plan(pgdump(drill));
  await firedrill("retry", id, "preflight/shop", "--reload", "--reason", "right port");
  await firedrill("status", id, "--watch");
  const over = await resume(id);
  expect(over.all).toContain(`run ${id} is over: PASS`);
  expect(over.exitCode).toBe(2);
  await firedrill("audit", "drill", "--id", `${id}-audit`);
  expect((await resume(`${id}-audit`)).all).toContain("an audit is not resumed");
  const starts = async (run: string) => {
    let count = 0;
    for await (const _ of drill.client.workflow.list({ query: `WorkflowId = "${run}"` })) count += 1;
    return count;
  };
  expect(await starts(id)).toBe(1);
  expect(await starts(`${id}-audit`)).toBe(1);
});

test("a run that is not there, and one that has ended, are told apart", async () => {
  for (const args of [["status"], ["report"], ["retry", "preflight/shop"], ["approve"], ["pause"], ["resume"]]) {
    const [command, ...more] = args as [string, ...string[]];
    const reason = ["status", "report"].includes(command) ? [] : ["--reason", "x"];
    const { all, exitCode } = await firedrill(command, "no-such-run", ...more, ...reason);
    expect(all).toMatch(/^error: there is no run no-such-run\nhint: .*firedrill runs/);
    expect(exitCode).toBe(2);
  }
  const id = `refused-${randomUUID()}`;
  await firedrill("backup", "dril", "--id", id);
  const { all } = await firedrill("pause", id, "--reason", "x");
  expect(all).toMatch(/cannot be told anything: it has ended\nhint: .*firedrill status refused-/);
});

test("a run that ended before it had a record shows its own failure, in every command", async () => {
  const id = `refused-${randomUUID()}`;
  expect((await firedrill("backup", "dril", "--id", id)).exitCode).toBe(2);
  for (const command of ["status", "report"]) {
    const { exitCode, all } = await firedrill(command, id);
    expect(all).toMatch(/^error: .*dril.*\nhint: .*drill/s);
    expect(exitCode).toBe(2);
  }
  expect((await firedrill("runs")).stdout).toMatch(new RegExp(`failed +.*${id}`));
});
