import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
});
afterAll(() => drill.remove());

/** The program as a script runs it: no terminal, everything it prints is kept. */
function firedrill(...args: string[]) {
  const env = {
    FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
    TEMPORAL_ADDRESS: inject("temporalAddress"),
  };
  return execa(process.execPath, ["bin/firedrill.js", ...args], { env, reject: false, all: true, stdin: "ignore" });
}

const escapes = "\u001B[";

test("a drill from the command line: a line an event, verdict table, report paths, exit code 0", async () => {
  const { exitCode, all, stdout } = await firedrill("exercise", "drill", "--yes", "--by", "anna", "--reason", "test");
  expect(all).toContain("PASS  shop: destroyed, restored and proven to be back, 11 of 11 checks proven.");
  expect(all).toMatch(/done +destroy\/shop/);
  expect(stdout).toContain("report.html");
  expect(all).not.toContain(escapes);
  expect(exitCode).toBe(0);
});

test("destroying needs --yes where nobody can be asked", async () => {
  const { exitCode, all } = await firedrill("exercise", "drill");
  expect(all).toContain("--yes");
  expect(exitCode).toBe(2);
});

test("a refused drill ends with exit code 3 and the line that would allow it", async () => {
  await drill.server.sql("postgres", "create database other");
  await writeFile(
    join(drill.directory, "plans", "other.yaml"),
    JSON.stringify({ name: "other", components: [pgdump(drill, { name: "other", database: "other" })] }),
  );
  const { exitCode, all } = await firedrill("exercise", "other", "--yes");
  expect(all).toContain(
    `{ systemIdentifier: "${drill.server.systemIdentifier}", server: "127.0.0.1:${drill.server.port}", database: other }`,
  );
  expect(exitCode).toBe(3);
});

test("detached, waiting, refused and given decisions, ended: each says so and has its exit code", async () => {
  const id = `cli-${randomUUID()}`;
  await writeFile(
    join(drill.directory, "plans", "away.yaml"),
    JSON.stringify({ name: "away", components: [pgdump(drill, { connection: { port: 1 } })] }),
  );
  const started = await firedrill("exercise", "away", "--scenario", "none", "--detach", "--id", id);
  expect(started.all).toContain(id);
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 20_000 }).toBe(5);
  const shown = await firedrill("status", id, "--json");
  expect((JSON.parse(shown.stdout) as RunRecord).steps.find((step) => step.status === "waiting")!.id).toBe(
    "preflight/shop",
  );

  const refused = await firedrill("skip", id, "preflight/shop", "--reason", "x");
  expect(refused.all).toContain("step preflight/shop cannot be skipped");
  expect(refused.exitCode).toBe(2);
  expect((await firedrill("abort", id, "preflight/shop", "--reason", "wrong port", "--by", "bert")).exitCode).toBe(0);
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 20_000 }).toBe(1);

  const markdown = await firedrill("report", id, "--format", "md");
  expect(markdown.stdout).toContain("wrong port");
  expect(markdown.stdout).toContain("bert");
});

test("Ctrl-C leaves the view and never the run", async () => {
  const id = `cli-${randomUUID()}`;
  const backup = await drill.hooks.hold({ moment: "step-begin", step: "^backup/shop$" });
  const view = firedrill("exercise", "drill", "--scenario", "none", "--id", id);
  await backup.reached();
  view.kill("SIGINT");
  const left = await view;
  await backup.release();
  expect(left.all).toContain("the run goes on");
  expect(left.exitCode).toBe(130);
  expect(left.all).toContain(`status ${id} --watch`);
  const watched = await firedrill("status", id, "--watch");
  expect(watched.all).toContain("PASS");
  expect(watched.exitCode).toBe(0);
});

test("a second run on the same database, by whatever plan and address, is refused and told who is at work", async () => {
  const id = `cli-${randomUUID()}`;
  const connection = { ...(pgdump(drill) as { connection: object }).connection, host: "localhost" };
  await writeFile(
    join(drill.directory, "plans", "same.yaml"),
    JSON.stringify({ name: "same", components: [pgdump(drill, { connection })] }),
  );
  const backup = await drill.hooks.hold({ moment: "step-begin", step: "^backup/shop$" });
  await firedrill("exercise", "drill", "--scenario", "none", "--detach", "--id", id, "--by", "anna");
  await backup.reached();
  const second = await firedrill("backup", "same");
  await backup.release();
  expect(second.all).toContain(`is being worked on by run ${id}: exercise of plan drill, started by anna at 20`);
  expect(second.exitCode).toBe(3);
  expect((await firedrill("status", id, "--watch")).exitCode).toBe(0);
  expect((await firedrill("backup", "same")).exitCode).toBe(0);
});

test("a plan that the worker does not have ends with exit code 2, naming the nearest", async () => {
  const { exitCode, all } = await firedrill("exercise", "dril", "--yes");
  expect(all).toContain("drill");
  expect(exitCode).toBe(2);
});

test("without a Temporal server: one clear line and exit code 6", async () => {
  const { exitCode, all } = await execa(process.execPath, ["bin/firedrill.js", "status"], {
    env: { TEMPORAL_ADDRESS: "127.0.0.1:1" },
    reject: false,
    all: true,
  });
  expect(all).toMatch(/error: Temporal does not answer at 127\.0\.0\.1:1/);
  expect(all).toContain("hint: ");
  expect(exitCode).toBe(6);
});
