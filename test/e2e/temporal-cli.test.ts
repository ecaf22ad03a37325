import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { stringify } from "yaml";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

let drill: Drill;
beforeAll(async () => {
  drill = await createDrill({ hooks: true });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
});
afterAll(() => drill.remove());

/** The plain CLI. */
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

/** The commands of the README's section on the plain CLI, each as it stands there. */
async function readmeCommands(): Promise<string[]> {
  const [, section = ""] = (await readFile("README.md", "utf8")).split("### With the plain `temporal` CLI");
  const [, block = ""] = /```console\n([\s\S]*?)```/.exec(section) ?? [];
  return block.split(/\n(?=temporal )/);
}

test("the commands of the README, as they stand there, steer a run from its start to its end", async () => {
  const plan = { name: "homelab", approvals: { destroy: 1 }, schedule: { on: "sunday", at: "03:00" } };
  await writeFile(join(drill.directory, "plans/homelab.yaml"), stringify({ ...plan, components: [pgdump(drill)] }));
  const failing = join(drill.directory, "no-room.sh");
  await writeFile(failing, "#!/bin/sh\necho 'could not write: No space left on device' >&2\nexit 1\n", { mode: 0o755 });
  const roomMade = await drill.hooks.replace("pg_restore .*--dbname", failing);

  const env = {
    PATH: `${dirname(inject("temporalPath"))}:${process.env["PATH"]}`,
    TEMPORAL_ADDRESS: inject("temporalAddress"),
    FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
  };
  const commands = await readmeCommands();
  /** Runs the next one. @param is what it must be about */
  async function next(is: string): Promise<string> {
    const command = commands.shift() ?? "";
    expect(command).toContain(`temporal ${is}`);
    const ours = command.replace("--task-queue firedrill", `--task-queue ${drill.taskQueue}`);
    return (await execa(ours, { shell: true, env, all: true })).all;
  }
  const until = async (text: RegExp) => {
    const record = async () =>
      (await temporal("workflow", "query", "--workflow-id", "drill-1", "--type", "record", "--output", "json")).stdout;
    await expect.poll(record, { timeout: 60_000 }).toMatch(text);
  };
  const waits = (id: string) => new RegExp(`"id": *"${id}"[^{}]*"status": *"waiting"`);

  await next("workflow start");
  await until(waits("approve/destroy"));
  expect(await next("workflow metadata")).toContain("✅ Look at shop");
  expect(await next("workflow describe")).toMatch(/WorkflowId\s+firedrill\/target\//);
  expect(await next("workflow query")).toContain('"version":1');
  await next("workflow update execute --workflow-id drill-1 --name approve");
  await until(waits("restore/shop"));
  await roomMade();
  const restoring = await drill.hooks.hold({ moment: "program", what: "pg_restore .*--dbname" });
  await next("workflow update execute --workflow-id drill-1 --name decide");
  await restoring.reached();
  await next("workflow cancel");
  await restoring.release();
  await expect.poll(() => describeRun("drill-1"), { timeout: 60_000 }).toContain("CANCELED");
  expect(await next("workflow show")).toContain("WorkflowExecutionCanceled");

  await execa(process.execPath, ["bin/firedrill.js", "schedule", "apply", "homelab"], { env });
  await next("schedule trigger");
  const begun = () => temporal("workflow", "list", "--query", "TemporalScheduledById = 'firedrill/homelab/exercise'");
  await expect.poll(async () => (await begun()).all, { timeout: 20_000 }).toContain("exercise.homelab");
  expect(commands).toEqual([]);
  await execa(process.execPath, ["bin/firedrill.js", "schedule", "delete", "homelab"], { env });
});
