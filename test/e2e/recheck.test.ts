import { randomUUID } from "node:crypto";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { judge } from "../../src/report/verdict.ts";
import { createDrill, type Drill, pgbackrest, pgdump } from "../support/drill.ts";

/** Files of real runs: whole, edited by hand, and exchanged. */

let drill: Drill;
const runs: { id: string; file: string; written: string; record: RunRecord }[] = [];

async function conduct(component: object, type: "exercise" | "restore" | "backup", more: object = {}) {
  await drill.plan(component);
  const { handle, end } = await drill.start(type, more);
  const record = await end();
  const file = join(record.directory, "report.json");
  await untilWritten(file, record);
  runs.push({ id: handle.workflowId, file, written: await readFile(file, "utf8"), record });
}

/** The worker writes the record once more when the workflow has ended. */
async function untilWritten(file: string, { endedAt }: RunRecord): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    if ((JSON.parse(await readFile(file, "utf8")) as RunRecord).endedAt === endedAt) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  drill = await createDrill({ archive: true });
  await drill.startWorker();
  await conduct(pgbackrest(drill), "exercise");
  await conduct(pgdump(drill), "exercise", { scenario: "none" });
  await conduct(pgdump(drill), "backup");
  await drill.server.sql("postgres", "drop database shop");
  await conduct(pgdump(drill), "restore");
});
afterAll(() => drill.remove());

async function recheck(source: string, address = inject("temporalAddress")) {
  const env = { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: address };
  const args = ["bin/firedrill.js", "report", source, "--recheck", "--json"];
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, { env, reject: false, stdin: "ignore" });
  const result = stdout === "" ? null : (JSON.parse(stdout) as Result);
  const found = result === null || "error" in result ? [] : result.differences;
  return { exitCode, stderr, result, paths: found.map(({ path }) => path) };
}

interface Result {
  differences: { path: string; stands: unknown; should: unknown }[];
  seal: string | null;
  temporal: { compared: boolean; why: string } | null;
}

async function edited(number: number, edit: (record: RunRecord) => void): Promise<string> {
  const record = JSON.parse(runs[number]!.written) as RunRecord;
  edit(record);
  await writeFile(runs[number]!.file, JSON.stringify(record));
  return runs[number]!.file;
}

const put = async (number: number) => await writeFile(runs[number]!.file, runs[number]!.written);

test.each([0, 1, 2, 3])("the record of run %i agrees with itself and with its workflow", async (number) => {
  const { file, id, record } = runs[number]!;
  expect(record.verdict).toBe("PASS");
  for (const source of [file, id]) {
    const { exitCode, result } = await recheck(source);
    expect(result).toMatchObject({ differences: [], temporal: { compared: true, why: "the whole record" } });
    expect(exitCode).toBe(0);
    const report = await readFile(join(record.directory, "report.html"), "utf8");
    expect(report).toContain(`sha256 ${result!.seal}`);
  }
});

test("an edit that agrees with itself is noticed by what the workflow holds", async () => {
  const file = await edited(1, (record) => {
    for (const { checks } of record.components) checks[0]!.title = "A better title";
    record.run.by = "somebody else";
    Object.assign(record, judge(record));
  });
  const seen = await recheck(file);
  const byTrail = ["trail[1]", "trail"];
  expect(seen.paths).toEqual([...byTrail, "run.by", "components[shop].checks[sentinel].title"]);
  expect(seen.exitCode).toBe(1);
  // The trail beside it knows who it was; of the title nobody does but the seal.
  const alone = await recheck(file, "127.0.0.1:1");
  expect(alone).toMatchObject({ exitCode: 1, paths: byTrail, result: { temporal: { compared: false } } });
  // Whoever has the report that was sent to them sees that it is not of this record.
  expect(await readFile(file.replace(/json$/, "md"), "utf8")).not.toContain(alone.result!.seal);
  await put(1);
});

test("a trail that was edited, or taken away, is noticed", async () => {
  const { file } = runs[2]!;
  const path = file.replace("report.json", "trail.jsonl");
  const trail = await readFile(path, "utf8");
  await writeFile(path, trail.replace('"who":"anna"', '"who":"mallory"'));
  expect((await recheck(file, "127.0.0.1:1")).paths).toEqual(["trail[1]", "trail[2].previous", "trail"]);
  await rm(path);
  expect((await recheck(file, "127.0.0.1:1")).paths).toEqual(["trail"]);
  await writeFile(path, trail);
  expect((await recheck(file)).exitCode).toBe(0);
});

test("an edit that contradicts itself is noticed without Temporal", async () => {
  const file = await edited(0, (record) => {
    record.components[0]!.checks.find(({ name }) => name === "sequences")!.found = "public.customer_id_seq is missing";
  });
  const { paths, exitCode } = await recheck(file, "127.0.0.1:1");
  expect(paths).toEqual(["components[ledger].checks[sequences].passed"]);
  expect(exitCode).toBe(1);
  await put(0);
});

test("a removed check is noticed by what its step says", async () => {
  const file = await edited(0, (record) => void record.components[0]!.checks.splice(2, 1));
  expect((await recheck(file, "127.0.0.1:1")).paths).toContain("components[ledger].checks");
  await put(0);
});

test("another run's record is noticed by where it lies; a copy elsewhere is as good as the file", async () => {
  await copyFile(runs[1]!.file, runs[0]!.file);
  expect((await recheck(runs[0]!.file, "127.0.0.1:1")).paths).toContain("directory");
  expect((await recheck(runs[0]!.id)).paths).toContain("run.workflowId");
  await put(0);
  const copy = join("/tmp", `${randomUUID()}.json`);
  await copyFile(runs[1]!.file, copy);
  expect((await recheck(copy)).exitCode).toBe(0);
  await rm(copy);
});

test("a truncated file cannot be read: exit code 2", async () => {
  await writeFile(runs[2]!.file, runs[2]!.written.slice(0, -20));
  const { exitCode, stderr, result } = await recheck(runs[2]!.file);
  expect({ exitCode, result }).toMatchObject({ exitCode: 2, result: { error: { type: "RECORD_INVALID" } } });
  expect(stderr).toContain("is not JSON");
  await put(2);
});

test("without a worker the seal in the history is compared", async () => {
  await drill.plan(pgdump(drill));
  const { handle, until } = await drill.start("exercise", { scenario: "none" });
  await until("plant/shop", "done");
  await handle.cancel();
  await handle.result().catch(() => "cancelled");
  const file = join((await handle.query<RunRecord>("record")).directory, "report.json");
  await drill.killWorker("SIGTERM");
  expect(await recheck(file)).toMatchObject({
    exitCode: 0,
    result: { differences: [], temporal: { compared: true, why: "only the seal: no worker answers" } },
  });
  const record = JSON.parse(await readFile(file, "utf8")) as RunRecord;
  await writeFile(file, JSON.stringify({ ...record, run: { ...record.run, reason: "another" } }));
  expect((await recheck(file)).paths).toEqual(["trail[1]", "trail", "seal"]);
});
