import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
});
afterAll(() => drill.remove());

/** The plain CLI, with the very words of the README. */
async function temporal(...args: string[]) {
  return execa(inject("temporalPath"), [...args, "--address", inject("temporalAddress")], { reject: false, all: true });
}

const start = (id: string, input: string) =>
  temporal(
    "workflow",
    "start",
    "--type",
    "exercise",
    "--task-queue",
    drill.taskQueue,
    "--workflow-id",
    id,
    "--fail-existing",
    "--input",
    input,
  );
const describeRun = async (id: string) => (await temporal("workflow", "describe", "--workflow-id", id)).all;

test("a whole run with the plain temporal CLI: start, describe, query, decide, show", async () => {
  const id = `cli-${randomUUID()}`;
  const wrong = pgdump(drill, { connection: { ...pgdump(drill).connection, port: 1 } });
  await drill.plan(wrong);
  expect((await start(id, `{"plan":"drill","by":"anna","reason":"monthly"}`)).exitCode).toBe(0);
  await expect
    .poll(async () => (await temporal("workflow", "query", "--workflow-id", id, "--type", "record")).all, {
      timeout: 30_000,
    })
    .toContain('"waiting"');

  const details = (await temporal("workflow", "metadata", "--workflow-id", id)).all;
  expect(details).toContain("preflight/shop** waits for a person: retry or abort");
  expect(details).toContain(`temporal workflow update execute --workflow-id ${id} --name decide`);

  const decide = (action: string) =>
    temporal(
      "workflow",
      "update",
      "execute",
      "--workflow-id",
      id,
      "--name",
      "decide",
      "--input",
      JSON.stringify({ step: "preflight/shop", action, by: "anna", reason: "gave up" }),
    );
  const refused = await decide("skip");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.all).toContain("step preflight/shop cannot be skipped");
  expect((await decide("abort")).exitCode).toBe(0);

  await expect.poll(() => describeRun(id), { timeout: 30_000 }).toContain("FAILED");
  expect((await temporal("workflow", "show", "--workflow-id", id)).all).toContain("anna gave up at preflight/shop");
  expect((await start(id, `{"plan":"drill","by":"anna","reason":"again"}`)).exitCode).toBe(0);
  expect((await start(id, `{"plan":"drill","by":"anna","reason":"again"}`)).all).toContain("already running");
  await temporal("workflow", "cancel", "--workflow-id", id);
  await expect.poll(() => describeRun(id), { timeout: 30_000 }).toContain("CANCELED");
});

test("heartbeats show progress in `temporal workflow describe`, under the step's own ID", async () => {
  const id = `cli-${randomUUID()}`;
  await drill.plan(pgdump(drill));
  const pgDump = await drill.hooks.hold({ moment: "program", what: "pg_dump .*--snapshot" });
  await start(id, `{"plan":"drill","by":"anna","reason":"monthly","scenario":"none"}`);
  // The checksums are read beside pg_dump; the step stays where it is until it has been looked at.
  await pgDump.reached();
  await expect
    .poll(() => describeRun(id), { timeout: 30_000 })
    .toMatch(/ActivityId\s+backup\/shop[\s\S]*LastHeartbeatDetails\s+.*"text":"checksums of \d+ of \d+ tables/);
  await pgDump.release();
  await expect.poll(() => describeRun(id), { timeout: 90_000 }).toContain("COMPLETED");
});

test("a misspelt plan fails the run at once with a clear message", async () => {
  const id = `cli-${randomUUID()}`;
  await start(id, `{"plan":"dril","by":"anna","reason":"monthly"}`);
  await expect.poll(() => describeRun(id), { timeout: 30_000 }).toContain("FAILED");
  const shown = (await temporal("workflow", "show", "--workflow-id", id)).all;
  expect(shown).toMatch(/no plan .?"?dril/);
});

test("every command of the README's section on the temporal CLI is one that this file runs", async () => {
  const readme = await readFile("README.md", "utf8");
  const used = new Set([...readme.matchAll(/^temporal (workflow \w+)/gm)].map(([, command]) => command));
  expect([...used].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    "workflow cancel",
    "workflow describe",
    "workflow metadata",
    "workflow query",
    "workflow show",
    "workflow start",
    "workflow update",
  ]);
});
