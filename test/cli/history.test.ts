import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { outcome, runsOfRecords } from "../../src/cli/history.ts";
import { createRecordReader } from "../../src/read-records.ts";
import { samples } from "../support/records.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fd-records-"));
  for (const [name, record] of Object.entries(samples)) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, "report.json"), JSON.stringify(record));
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

const all = { limit: 100 };

test("the records of a directory, the newest first, filtered and limited", async () => {
  const record = { ...samples.failed, startedAt: "2026-11-22T03:00:00.000Z" };
  await writeFile(join(directory, "failed", "report.json"), JSON.stringify(record));
  const runs = await runsOfRecords(directory, all);
  expect(runs).toHaveLength(Object.keys(samples).length);
  expect(runs[0]).toMatchObject({ workflowId: record.run.workflowId, verdict: "FAIL", plan: "homelab", by: "anna" });
  expect(runs[0]!.rtoSeconds).toBe(record.rto.seconds);
  expect((await runsOfRecords(directory, { ...all, verdict: "PASS" })).map(({ verdict }) => verdict)).toEqual(["PASS"]);
  expect(await runsOfRecords(directory, { ...all, plan: "other" })).toEqual([]);
  const ended = await runsOfRecords(directory, { ...all, ended: true });
  expect(ended.every(({ verdict }) => verdict !== null)).toBe(true);
  expect(ended.map(({ status }) => status)).not.toContain("skipped");
  expect(runs.map(outcome)).toContain("SKIPPED");
  expect(await runsOfRecords(directory, { limit: 1 })).toEqual(runs.slice(0, 1));
});

test("a run that was resumed is listed once, by its newest part, whatever is asked for", async () => {
  const { by, reason, workflowId } = samples.failed.run;
  const runId = "0199f3a2-5c1e-7d44-9a30-5a8f12345678";
  const { status, summary, startedAt, endedAt } = samples.failed;
  const first = { ...samples.failed, run: { ...samples.failed.run, runId } };
  const earlier = [{ workflowId, runId, by, reason, startedAt, endedAt, status, summary }];
  await writeFile(join(directory, "failed", "report.json"), JSON.stringify(first));
  await writeFile(join(directory, "passed", "report.json"), JSON.stringify({ ...samples.passed, earlier }));
  const runs = await runsOfRecords(directory, all);
  expect(runs).toHaveLength(Object.keys(samples).length - 1);
  expect(runs.find(({ verdict }) => verdict === "PASS")).toMatchObject({ earlier: [runId] });
  const failed = await runsOfRecords(directory, { ...all, verdict: "FAIL" });
  expect(failed.map((run) => run.runId)).not.toContain(runId);
});

test("what is no record is named and left out; what is no run is not looked at", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await writeFile(join(directory, "passed", "report.json"), "{}");
  await writeFile(join(directory, "failed", "report.json"), "PASSWORD=hunter2-secret");
  await rm(join(directory, "refused", "report.json"));
  await mkdir(join(directory, "refused", "report.json"));
  await rm(join(directory, "cancelled", "report.json"));
  await execa("mkfifo", [join(directory, "cancelled", "report.json")]);
  await mkdir(join(directory, "empty"));
  await writeFile(join(directory, "notes.txt"), "");
  expect(await runsOfRecords(directory, all)).toHaveLength(Object.keys(samples).length - 4);
  const path = (name: string) => join(directory, name, "report.json");
  expect(said.mock.calls.map(([line]) => String(line)).toSorted()).toEqual([
    `left out: ${path("cancelled")} cannot be read (not a regular file)\n`,
    `left out: ${path("failed")} is not JSON\n`,
    expect.stringMatching(`^left out: ${path("passed")} is not a record of a run: version: .+\n$`),
    `left out: ${path("refused")} is a directory, and no record\n`,
  ]);
});

test("a reader that is asked again reads only what has changed, and forgets what is gone", async () => {
  const seen: string[] = [];
  const read = createRecordReader(({ run }) => (seen.push(run.workflowId), run.workflowId));
  const first = await read(directory);
  expect(first.found.toSorted()).toEqual(seen.toSorted());
  expect(first.broken).toEqual([]);
  expect(await read(directory)).toEqual(first);
  expect(seen).toHaveLength(Object.keys(samples).length);
  const run = { ...samples.passed.run, workflowId: "another" };
  await writeFile(join(directory, "passed", "report.json"), JSON.stringify({ ...samples.passed, run }));
  await writeFile(join(directory, "failed", "report.json"), "{");
  await rm(join(directory, "refused"), { recursive: true });
  const { found, broken } = await read(directory);
  expect(seen).toHaveLength(Object.keys(samples).length + 1);
  expect(found).toContain("another");
  expect(found).toHaveLength(Object.keys(samples).length - 2);
  expect(broken.map(String).join()).toContain("is not JSON");
});

test("a directory that is not there is an error", async () => {
  await expect(runsOfRecords(join(directory, "nowhere"), all)).rejects.toThrow("cannot read");
});
