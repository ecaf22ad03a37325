import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isGroupAlive, jobEnd, jobState, startJob, stopJob } from "../../../src/activities/jobs/job.ts";
import { identify, isAlive, type ProcessIdentity } from "../../../src/activities/process-identity.ts";

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "jobs-"))));
afterAll(() => rm(root, { recursive: true }));

const read = async (directory: string, name: string) =>
  JSON.parse(await readFile(join(directory, name), "utf8")) as ProcessIdentity;

test("a job's output and exit code are on disk when it has ended", async () => {
  const directory = join(root, "ends");
  await startJob(directory, { argv: ["sh", "-c", "echo out; echo $SECRET >&2; exit 3"] }, { SECRET: "shh" });
  await expect.poll(() => jobState(directory)).toBe("ended");
  expect(await jobEnd(directory)).toEqual({ exitCode: 3, signal: null, error: null });
  expect(await readFile(join(directory, "stdout.log"), "utf8")).toBe("out\n");
  expect(await readFile(join(directory, "stderr.log"), "utf8")).toBe("shh\n");
  expect(await readFile(join(directory, "job.json"), "utf8")).not.toContain("shh");
});

test("what a program finds by itself is kept out of its logs, and not given to it", async () => {
  const directory = join(root, "finds");
  const program = `echo "found-by-itself"; env | grep -c REDACTS`;
  await startJob(directory, { argv: ["sh", "-c", program] }, {}, ["found-by-itself"]);
  await expect.poll(() => jobState(directory)).toBe("ended");
  expect(await readFile(join(directory, "stdout.log"), "utf8")).toBe("***\n0\n");
});

test("a program that does not exist ends the job and says why", async () => {
  const directory = join(root, "missing");
  await startJob(directory, { argv: ["no-such-program"] });
  await expect.poll(() => jobEnd(directory)).toEqual({ exitCode: null, signal: null, error: "ENOENT" });
});

test("starting the same job twice runs it once", async () => {
  const directory = join(root, "twice");
  const job = { argv: ["sh", "-c", `echo run >> ${join(root, "count")}; sleep 0.3`] };
  await Promise.all([startJob(directory, job), startJob(directory, job)]);
  await expect.poll(() => jobState(directory)).toBe("ended");
  expect(await readFile(join(root, "count"), "utf8")).toBe("run\n");
});

test("stopping ends the program and everything that it started", async () => {
  const directory = join(root, "group");
  await startJob(directory, {
    argv: ["sh", "-c", `sleep 1000 & echo $! > ${join(root, "child")}; trap '' TERM; wait; sleep 1000`],
  });
  await expect.poll(() => readFile(join(root, "child"), "utf8").catch(() => "")).toMatch(/\d/);
  await expect.poll(() => readFile(join(directory, "program.json"), "utf8").catch(() => "")).not.toBe("");
  const child = (await identify(Number(await readFile(join(root, "child"), "utf8"))))!;
  expect(await jobState(directory)).toBe("running");
  await stopJob(directory, 300);
  expect(await isAlive(child)).toBe(false);
  expect(await isAlive(await read(directory, "program.json"))).toBe(false);
});

test("a patient program is interrupted once and alone, and has its time", { timeout: 30_000 }, async () => {
  const directory = join(root, "patient");
  const heard = join(root, "heard");
  const program = `trap 'echo program >> ${heard}; sleep 0.5; exit 7' INT; (trap 'echo child >> ${heard}' INT TERM; sleep 1) & echo > ${join(root, "ready")}; while :; do sleep 0.05; done`;
  await startJob(directory, { argv: ["bash", "-c", program], cwd: root, patienceMs: 20_000 });
  await expect.poll(() => readFile(join(root, "ready"), "utf8").catch(() => "no")).toBe("\n");
  await Promise.all([stopJob(directory, 0), stopJob(directory, 0)]);
  expect(await jobEnd(directory)).toMatchObject({ exitCode: 7 });
  expect((await readFile(heard, "utf8")).match(/program/g)).toHaveLength(1);
  expect(await isGroupAlive(directory)).toBe(false);
});

test("a patient program that does not hear is killed after its time", async () => {
  const directory = join(root, "deaf");
  await startJob(directory, { argv: ["bash", "-c", `trap '' INT; while :; do sleep 0.05; done`], patienceMs: 300 });
  await expect.poll(() => readFile(join(directory, "program.json"), "utf8").catch(() => "")).not.toBe("");
  await stopJob(directory);
  expect(await isAlive(await read(directory, "program.json"))).toBe(false);
});

test("a supervisor that was killed leaves a lost job; stopping it ends the orphaned program", async () => {
  const directory = join(root, "orphan");
  await startJob(directory, { argv: ["sleep", "1000"] });
  await expect.poll(() => readFile(join(directory, "program.json"), "utf8").catch(() => "")).not.toBe("");
  const program = await read(directory, "program.json");
  process.kill((await read(directory, "supervisor.json")).pid, "SIGKILL");
  await sleep(100);
  expect(await jobState(directory)).toBe("lost");
  expect(await isAlive(program)).toBe(true);
  await stopJob(directory, 0);
  expect(await isAlive(program)).toBe(false);
});

test("a number that was given to another process is not taken for the old one", async () => {
  expect(await isAlive({ pid: process.pid, started: "another start" })).toBe(false);
  expect(await isAlive((await identify(process.pid))!)).toBe(true);
});
