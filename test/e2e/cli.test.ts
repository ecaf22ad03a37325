import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { keys, onTerminal } from "../support/terminal.ts";
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
  const { exitCode, all, stdout } = await firedrill(
    "exercise",
    "drill",
    "--yes",
    "--target",
    "shop",
    "--by",
    "anna",
    "--reason",
    "test",
  );
  expect(all).toContain("PASS  shop: destroyed, restored and proven to be back, 11 of 11 checks proven.");
  expect(all).toMatch(/done +destroy\/shop/);
  expect(stdout).toContain("report.html");
  expect(all).not.toContain(escapes);
  expect(exitCode).toBe(0);
});

test("nothing is destroyed that nobody has named", async () => {
  const server = `127.0.0.1:${drill.server.port}`;
  await writeFile(
    join(drill.directory, "plans", "pair.yaml"),
    JSON.stringify({
      name: "pair",
      components: [pgdump(drill), pgdump(drill, { name: "other", database: "other", dumps: "/var/tmp/other" })],
    }),
  );
  const refused = async (words: string, ...args: string[]) => {
    const { exitCode, all } = await firedrill("exercise", ...args);
    expect([exitCode, all]).toEqual([2, expect.stringContaining(words)]);
    return all;
  };
  const both = `shop (database shop on ${server}), other (database other on ${server})`;
  expect(await refused(`this destroys ${both}, and there is no terminal to ask`, "pair")).toContain(
    "hint: Add --yes --target shop --target other",
  );
  await refused("hint: Add --target shop --target other", "pair", "--yes");
  await refused("this also destroys other, which was not named", "pair", "--yes", "--target", "shop");
  await refused('Did you mean "shop"?', "pair", "--yes", "--target", "shpo", "--target", "other");
  await refused('plan pair has no component "shpo"', "pair", "--component", "shpo", "--yes", "--target", "shpo");
  await refused("hint: Add --target elsewhere", "elsewhere", "--yes");
  expect(await drill.server.sql("postgres", "select from pg_database where datname = 'shop'")).toHaveLength(1);
});

test.each([
  { typed: "shop", exitCode: 0, says: "PASS" },
  { typed: "drill", exitCode: 2, says: '"drill" is nothing that this destroys' },
  { typed: "", exitCode: 2, says: "this also destroys shop, which was not named" },
])("on a terminal it shows what it destroys, and goes on when $typed is typed: $exitCode", async (row) => {
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: drill.address };
  const told = ["--by", "anna", "--reason", "test"];
  const terminal = onTerminal([process.execPath, "bin/firedrill.js", "exercise", "drill", ...told], { env });
  await expect.poll(terminal.screen, { timeout: 10_000 }).toContain("Type its name to go on:");
  expect(terminal.screen()).toContain(`shop  database shop on 127.0.0.1:${drill.server.port}`);
  terminal.type(`${row.typed}${keys.enter}`);
  expect(await terminal.exited).toBe(row.exitCode);
  expect(terminal.screen()).toContain(row.says);
});

test("a refused drill ends with exit code 3 and the line that would allow it", async () => {
  await drill.server.sql("postgres", "create database other");
  await writeFile(
    join(drill.directory, "plans", "other.yaml"),
    JSON.stringify({ name: "other", components: [pgdump(drill, { name: "other", database: "other" })] }),
  );
  const { exitCode, all } = await firedrill("exercise", "other", "--yes", "--target", "other");
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

test("retry --reload goes on by the plan as it is now, and refuses one that contradicts what is done", async () => {
  const id = `cli-${randomUUID()}`;
  const plan = async (port: number) => {
    const component = pgdump(drill, { connection: { ...pgdump(drill).connection, port } });
    await writeFile(
      join(drill.directory, "plans", "mended.yaml"),
      JSON.stringify({ name: "mended", components: [component] }),
    );
  };
  const verdict = async () => (JSON.parse((await firedrill("status", id, "--json")).stdout) as RunRecord).verdict;
  await plan(1);
  await firedrill("exercise", "mended", "--scenario", "none", "--detach", "--id", id);
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 20_000 }).toBe(5);
  await plan(drill.server.port);
  await firedrill("pause", id, "--reason", "look at it first");
  const retry = (step: string) => firedrill("retry", id, step, "--reload", "--reason", "wrong port");
  const retried = await retry("preflight/shop");
  expect(retried.exitCode, retried.all).toBe(0);
  expect(retried.stdout).toContain("the plan was read again: components.shop.connection.port had changed");
  await firedrill("unpause", id, "--reason", "it is right");
  await expect.poll(verdict, { timeout: 40_000 }).toBe("PASS");
  expect((await firedrill("report", id, "--recheck")).exitCode).toBe(0);
  const late = await retry("preflight/shop");
  expect(late.exitCode).toBe(2);
  expect(late.all).toContain("cannot be told anything");
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

test("a run that needs approvals names the command, refuses who started it, and goes on when others agree", async () => {
  const id = `approved-${randomUUID()}`;
  await drill.plan(pgdump(drill), { approvals: { destroy: 1, from: ["anna", "bert"] } });
  const follow = firedrill(
    "exercise",
    "drill",
    "--yes",
    "--target",
    "shop",
    "--by",
    "anna",
    "--reason",
    "test",
    "--id",
    id,
  );
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 30_000 }).toBe(5);
  const { all: shown } = await firedrill("status", id);
  expect(shown).toContain("approve/destroy waits for approvals");
  expect(shown).toContain("0 of 1 people have approved; asked are anna, bert");
  expect(shown).toContain(`firedrill approve ${id}`);
  // The command goes on in the next line where it is too long.
  const sum = /--plan-sha256 ([0-9a-f]{16})/.exec(shown)![1]!;
  const another = await firedrill("approve", id, "--by", "bert", "--plan-sha256", "0".repeat(16), "--reason", "x");
  expect(another.all).toContain("bert has approved another plan");
  const own = await firedrill("approve", id, "--by", "anna", "--reason", "me");
  expect(own.all).toContain("anna has started this run; somebody else must approve it");
  expect(own.exitCode).toBe(3);
  const other = await firedrill("approve", id, "--by", "bert", "--plan-sha256", sum, "--reason", "agreed");
  expect(other.all).toContain(`destroys database shop on 127.0.0.1:${drill.server.port}`);
  expect(other.all).toContain("1 of 1 people have approved (bert)");
  expect(other.exitCode).toBe(0);
  const { all, exitCode } = await follow;
  expect(exitCode, all).toBe(0);
  for (const line of ["waits     approve/destroy: ", "refused   approval of anna", "approved  by bert: agreed"])
    expect(all).toContain(line);
  expect((await firedrill("report", id)).stdout).toContain("👍 **approved** by bert");
  const late = await firedrill("approve", id, "--by", "bert", "--reason", "again");
  expect(late.all).toContain("cannot be told anything");
  expect(late.exitCode).toBe(2);
  await drill.plan(pgdump(drill));
});

test("a paused run says who paused it and how it goes on", async () => {
  const id = `paused-${randomUUID()}`;
  const backup = await drill.hooks.hold({ moment: "step-begin", step: "^backup/shop$" });
  const follow = firedrill("exercise", "drill", "--scenario", "none", "--by", "anna", "--id", id);
  await backup.reached();
  const paused = await firedrill("pause", id, "--by", "bert", "--reason", "the network is being repaired");
  expect(paused.all).toContain(`firedrill unpause ${id}`);
  expect(paused.exitCode).toBe(0);
  await backup.release();
  await expect.poll(async () => (await firedrill("status", id)).exitCode, { timeout: 20_000 }).toBe(5);
  const { all: shown } = await firedrill("status", id);
  expect(shown).toContain("paused by bert");
  expect(shown).toContain("the network is being repaired");
  expect((await firedrill("pause", id, "--reason", "again")).all).toContain("paused already, by bert");
  expect((await firedrill("unpause", id, "--by", "bert", "--reason", "repaired")).exitCode).toBe(0);
  const { all, exitCode } = await follow;
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/paused +by bert: the network is being repaired; to go on: .*firedrill unpause/);
  expect(all).toMatch(/unpaused +by bert: repaired/);
});

test("the drills so far are listed and compared, from the server and from the records alone", async () => {
  const records = join(drill.directory, "records");
  const both: string[] = [];
  for (let n = 0; n < 2; n += 1)
    both.push((await (await drill.start("exercise", { scenario: "none" })).end()).run.workflowId);
  const listed = await firedrill("runs", "--plan", "drill", "--verdict", "PASS", "--json");
  const runs = JSON.parse(listed.stdout) as { workflowId: string; rtoSeconds: number; verdict: string; by: string }[];
  expect(runs.length).toBeGreaterThan(1);
  const alone = await execa(
    process.execPath,
    ["bin/firedrill.js", "runs", "--plan", "drill", "--records", records, "--verdict", "PASS", "--json"],
    {
      env: { TEMPORAL_ADDRESS: "127.0.0.1:1" },
    },
  );
  expect(JSON.parse(alone.stdout)).toEqual(runs);
  const { stdout: table } = await firedrill("runs", "--limit", "2");
  expect(table.split("\n")).toHaveLength(3);
  expect(table).toMatch(/drill +exercise none +PASS +\S+ +\S+ +anna/);
  for (const source of [[], ["--records", records]]) {
    const { stdout, exitCode } = await firedrill("trend", "drill", "--scenario", "none", ...source);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/PASS .*█/);
  }
  const newest = await (await drill.start("exercise", { scenario: "none" })).end();
  expect(newest.before.slice(-2).map(({ workflowId }) => workflowId)).toEqual(both);
  expect(await readFile(join(newest.directory, "report.html"), "utf8")).toContain("Drills so far");
  const none = await firedrill("trend", "nothing");
  expect(none.all).toContain("no exercise of plan nothing, scenario database, has ended");
  expect(none.exitCode).toBe(2);
});

test("a plan that the worker does not have ends with exit code 2, naming the nearest", async () => {
  const { exitCode, all } = await firedrill("exercise", "dril", "--yes", "--target", "dril");
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
