import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";
import { keys, onTerminal } from "../support/terminal.ts";

/** The live view on a real pseudo-terminal, with a real run that waits: nothing listens where its plan says. */

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let drill: Drill;
beforeAll(async () => {
  drill = await createDrill();
  await drill.plan(pgdump(drill, { connection: { port: 1 } }));
  await drill.startWorker();
});
afterAll(() => drill.remove());

function follow(args: string[], size: { columns: number; rows: number } = { columns: 80, rows: 24 }) {
  const config = join(drill.directory, "firedrill.yaml");
  const env = { FIREDRILL_CONFIG: config, TEMPORAL_ADDRESS: inject("temporalAddress") };
  const terminal = onTerminal([process.execPath, bin, ...args], { env, ...size });
  const seen = (words: string) => expect.poll(terminal.screen, { timeout: 30_000 }).toContain(words);
  return { ...terminal, seen };
}

const record = (id: string) => drill.client.workflow.getHandle(id).query<RunRecord>("record");
const exercise = (id: string) => ["exercise", "drill", "--scenario", "none", "--by", "anna", "--id", id];

test("r and a answer a step that waits, each with a reason and a yes; the run takes them as those of a command", async () => {
  const id = `keys-${randomUUID()}`;
  const { seen, type, exited, screen } = follow(exercise(id));
  await seen("preflight/shop waits for a person");
  await seen("Answer here: r retry · a abort");
  type("s");
  type("r");
  await seen("retry preflight/shop (do it again): why?");
  type("started it");
  await seen("> started it");
  type(keys.enter);
  await seen("because: started it");
  expect((await record(id)).steps.flatMap(({ decisions }) => decisions)).toEqual([]);
  type("y");
  await expect
    .poll(async () => (await record(id)).steps.find((step) => step.id === "preflight/shop")!.failures.length)
    .toBe(2);
  // What the view knows is a moment older than what the run says.
  await seen("--failure 2");
  await seen("Answer here: r retry · a abort");
  type(`awrong port${keys.enter}`);
  await seen("because: wrong port");
  type("y");
  expect(await exited, screen()).toBe(1);
  expect(screen()).toMatch(/^Exercise drill · scenario none .*\n.*, by anna: .*\n\nFAIL {2}Given up/m);
  const { decisions } = (await record(id)).steps.find((step) => step.id === "preflight/shop")!;
  expect(decisions).toMatchObject([
    { action: "retry", by: "anna", reason: "started it" },
    { action: "abort", by: "anna", reason: "wrong port" },
  ]);
});

test("a failure that somebody else has answered meanwhile is not answered once more", async () => {
  const id = `keys-${randomUUID()}`;
  const { seen, type, screen, exited } = follow(exercise(id));
  await seen("Answer here:");
  type("rmine");
  await seen("> mine");
  const handle = drill.client.workflow.getHandle(id);
  const decision = { step: "preflight/shop", by: "bert", reason: "his", failureNo: 1 };
  await handle.executeUpdate("decide", { args: [{ ...decision, action: "retry" }] });
  await seen("preflight/shop does not wait for this answer any more");
  await expect.poll(async () => (await record(id)).status, { timeout: 20_000 }).toBe("waiting");
  await handle.executeUpdate("decide", { args: [{ ...decision, action: "abort", failureNo: 2 }] });
  expect(await exited, screen()).toBe(1);
});

test("Ctrl-C leaves the view while something is typed; the run waits on, and the terminal is as it was", async () => {
  const id = `keys-${randomUUID()}`;
  await drill.client.workflow.start("exercise", {
    taskQueue: drill.taskQueue,
    workflowId: id,
    args: [{ plan: "drill", by: "anna", reason: "test", scenario: "none" }],
  });
  const shell = `'${process.execPath}' '${bin}' status ${id} --watch; echo "left with $?"; stty -a | grep -ow -e -icanon -e icanon -e -isig -e isig`;
  const env = {
    FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"),
    TEMPORAL_ADDRESS: inject("temporalAddress"),
  };
  const terminal = onTerminal(["sh", "-c", shell.replaceAll("'", "")], { env, columns: 200, rows: 50 });
  const seen = (words: string) => expect.poll(terminal.screen, { timeout: 30_000 }).toContain(words);
  await seen("Answer here:");
  terminal.type("ahalf");
  await seen("> half");
  terminal.type(keys.ctrlC);
  await seen("You have left the view; the run goes on.");
  await seen(`status ${id} --watch`);
  await terminal.exited;
  expect(terminal.screen()).toContain("left with 130\nisig\nicanon");
  expect((await record(id)).status).toBe("waiting");
  await drill.client.workflow.getHandle(id).terminate();
});
