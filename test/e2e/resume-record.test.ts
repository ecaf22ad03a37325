import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { type DevServer, startDevServer } from "../../src/temporal/dev-server.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

/** A drill goes on although its Temporal server was lost with all that it knew: from the record on the worker's disk. */

const directories: string[] = [];
let server: DevServer;
let drill: Drill;

async function newServer(port: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "firedrill-lost-"));
  directories.push(directory);
  server = await startDevServer({ directory, port, uiPort: 0, ui: false, say: () => undefined });
}

beforeAll(async () => {
  await newServer(0);
  drill = await createDrill({ hooks: true, address: server.address });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
});
afterAll(async () => {
  await drill.remove();
  await server.stop();
  for (const directory of directories) await rm(directory, { recursive: true });
});

function firedrill(...args: string[]) {
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: server.address };
  return execa(process.execPath, ["bin/firedrill.js", ...args], { env, reject: false, all: true, stdin: "ignore" });
}

/** All processes of Firedrill and the server with its database go, while the step stands at its point. */
async function loseServer(step: string): Promise<string> {
  const hold = await drill.hooks.hold({ moment: "step-begin", step });
  const run = await drill.start();
  await hold.reached();
  await drill.killWorker();
  process.kill(server.pid, "SIGKILL");
  await server.exited;
  await drill.hooks.clear();
  const records = join(drill.directory, "records");
  const names = (await readdir(records)).filter((name) => name.startsWith(run.handle.workflowId));
  await newServer(Number(server.address.split(":")[1]));
  await drill.startWorker();
  return join(records, names[0]!, "report.json");
}

const read = async (file: string) => JSON.parse(await readFile(file, "utf8")) as RunRecord;
const agreed = ["--yes", "--target", "shop"];
const reason = ["--reason", "the server was lost", "--by", "carla"];

test("after the destruction: what is done stays done, the data comes back, and the report tells one story", async () => {
  const file = await loseServer("restore/shop");
  expect(await read(file)).toMatchObject({ status: "running", verdict: null });
  const { exitCode, all } = await firedrill("resume", "--record", file, ...reason, ...agreed);
  expect(exitCode, all).toBe(0);
  expect(all).toMatch(/PASS {2}shop: destroyed, restored and proven to be back/);
  expect(await read(file)).toMatchObject({ status: "cancelled", verdict: "FAIL" });
  const { workflowId } = (await read(file)).run;
  const report = await firedrill("report", workflowId, "--format", "md");
  expect(report.stdout).toMatch(/run cancelled.*Ended from outside \(lost\)/);
  expect(report.stdout).toContain("**resumed** by carla: “the server was lost”");
  expect(report.stdout).toMatch(/destroy\/shop.*carried over/);
  const record = JSON.parse((await firedrill("report", workflowId, "--json")).stdout) as RunRecord;
  expect(record.rto.peopleSeconds).toBeGreaterThan(0);
  expect((await firedrill("report", workflowId, "--recheck")).exitCode).toBe(0);
});

test("what is not as the run has left it waits for a person", async () => {
  const file = await loseServer("restore/shop");
  await drill.server.sql("postgres", "create database shop");
  const { workflowId } = (await read(file)).run;
  await firedrill("resume", "--record", file, ...reason, ...agreed, "--detach");
  const status = () => firedrill("status", workflowId);
  await expect.poll(async () => (await status()).exitCode, { timeout: 30_000 }).toBe(5);
  expect((await status()).stdout).toContain("the run that is resumed destroyed shop on");
  await drill.server.sql("postgres", "drop database shop");
  const dumps = join(drill.directory, "dumps");
  const set = (await readdir(dumps))
    .filter((name) => !name.endsWith(".json"))
    .toSorted()
    .at(-1)!;
  const damaged = join(dumps, set, "data", "toc.dat");
  const whole = await readFile(damaged);
  await writeFile(damaged, whole.subarray(0, -1));
  const retry = () => firedrill("retry", workflowId, "preflight/resume/shop", "--reason", "again");
  expect((await retry()).exitCode).toBe(0);
  await expect.poll(async () => (await status()).stdout, { timeout: 30_000 }).toMatch(/toc\.dat/);
  await writeFile(damaged, whole);
  expect((await retry()).exitCode).toBe(0);
  const verdict = async () =>
    (JSON.parse((await firedrill("report", workflowId, "--json")).stdout) as RunRecord).verdict;
  await expect.poll(verdict, { timeout: 60_000 }).toBe("PASS");
});

test("a plan that contradicts what was done, a file that is no record, and a record of another host are refused", async () => {
  const file = await loseServer("restore/shop");
  const { workflowId } = (await read(file)).run;
  for (const [key, value] of Object.entries({ database: "shop2", dumps: join(drill.directory, "elsewhere") })) {
    await drill.plan(pgdump(drill, { [key]: value }));
    const changed = await firedrill("resume", "--record", file, ...reason, ...agreed);
    expect(changed.all).toContain(`differs from the one by which the run before has worked: components.shop.${key}`);
    expect(changed.exitCode).toBe(2);
    // It has never begun: whoever resumes the run next goes on with the run itself.
    const records = await readdir(join(drill.directory, "records"));
    expect(records.filter((name) => name.startsWith(workflowId))).toHaveLength(1);
  }
  await drill.plan(pgdump(drill));
  const again = await firedrill("resume", "--record", file, ...reason, ...agreed);
  expect(again.all).toMatch(/PASS {2}shop/);
  const foreign = join(drill.directory, "foreign.json");
  const record = await read(file);
  await writeFile(
    foreign,
    JSON.stringify({ ...record, run: { ...record.run, runId: "0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11" } }),
  );
  expect((await firedrill("resume", "--record", foreign, ...reason, ...agreed)).all).toMatch(
    /this worker has no record/,
  );
  await writeFile(foreign, "{}");
  const broken = await firedrill("resume", "--record", foreign, ...reason, ...agreed);
  expect(broken.all).toContain("is not a record of a run");
  expect(broken.exitCode).toBe(2);
  const none = await firedrill("resume", ...reason);
  expect(none.all).toContain("say which run to resume");
  expect(none.exitCode).toBe(2);
});
