import { execa, type ResultPromise } from "execa";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { stringify } from "yaml";
import type { RunRecord } from "../../src/report/record.ts";
import { tryPort } from "../../src/temporal/ports.ts";
import { createDrill, type Drill, pgdump } from "../support/drill.ts";

/** A real Prometheus scrapes a real worker that has done a drill; promtool judges the names and the example's alerts. */
let drill: Drill;
let passed: RunRecord;
let page: string;
let prometheus: { query: (text: string) => Promise<Sample[]>; stop: () => Promise<void> };
const root = join(import.meta.dirname, "..", "..");
const labels = { plan: "drill", type: "exercise", scenario: "none" };

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

beforeAll(async () => {
  drill = await createDrill();
  const port = await tryPort(0);
  page = `http://127.0.0.1:${port}/metrics`;
  await drill.configure({ metrics: { port } });
  await drill.plan(pgdump(drill));
  await drill.startWorker();
  passed = await (await drill.start("exercise", { scenario: "none" })).end();
  expect(passed.verdict).toBe("PASS");
  prometheus = await startPrometheus(port!);
});
afterAll(async () => {
  await prometheus?.stop();
  await drill?.remove();
});

async function startPrometheus(target: number): Promise<typeof prometheus> {
  const directory = await mkdtemp(join(tmpdir(), "fd-prometheus-"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [join(root, "examples", "prometheus", "alerts.yaml")],
    scrape_configs: [{ job_name: "firedrill", static_configs: [{ targets: [`127.0.0.1:${target}`] }] }],
  };
  await writeFile(join(directory, "prometheus.yml"), stringify(config));
  const address = `127.0.0.1:${await tryPort(0)}`;
  const server: ResultPromise = execa(
    inject("prometheus"),
    [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { reject: false, stdio: "ignore" },
  );
  return {
    async query(text) {
      const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(text)}`);
      const { data } = (await response.json()) as { data: { result: Sample[] } };
      return data.result;
    },
    async stop() {
      server.kill();
      await server;
      await rm(directory, { recursive: true });
    },
  };
}

/** The one sample of a query, once there is one. */
async function value(query: string): Promise<number> {
  const found = await vi.waitFor(
    async () => {
      const samples = await prometheus.query(query);
      expect(samples, query).toHaveLength(1);
      return samples[0]!;
    },
    { timeout: 30_000, interval: 200 },
  );
  return Number(found.value[1]);
}

const of = (name: string, more: Record<string, string> = {}) => {
  const all = Object.entries({ ...labels, ...more }).map(([key, text]) => `${key}="${text}"`);
  return `${name}{${all.join(",")}}`;
};
const unixTime = (iso: string | null) => Date.parse(iso!) / 1_000;
const firedrill = (...args: string[]) =>
  execa("sh", ["-c", 'umask 077; exec "$@"', "sh", process.execPath, "bin/firedrill.js", "metrics", ...args], {
    env: { FIREDRILL_CONFIG: join(drill.directory, "firedrill.yaml"), TEMPORAL_ADDRESS: "127.0.0.1:1" },
    reject: false,
  });
const checked = (input: string) => execa("promtool", ["check", "metrics"], { input, reject: false, all: true });
const ownPart = (text: string) => text.split("\n").filter((line) => /^(# (HELP|TYPE) )?firedrill_/.test(line));

test("Prometheus has what the record says, and the metrics of the SDK from the same port", async () => {
  expect(await value(of("firedrill_last_run_verdict", { verdict: "PASS" }))).toBe(1);
  expect(await value(of("firedrill_last_run_verdict", { verdict: "FAIL" }))).toBe(0);
  expect(await value(of("firedrill_last_run_timestamp_seconds"))).toBeCloseTo(unixTime(passed.endedAt), 2);
  expect(await value(of("firedrill_last_success_timestamp_seconds"))).toBeCloseTo(unixTime(passed.endedAt), 2);
  expect(await value(of("firedrill_rto_seconds"))).toBeCloseTo(passed.rto.seconds!, 6);
  expect(await value(of("firedrill_rto_objective_seconds"))).toBe(300);
  expect(await value(of("firedrill_component_rpo_seconds", { component: "shop" }))).toBe(
    passed.components[0]!.rpo.seconds,
  );
  expect(await value(of("firedrill_phase_duration_seconds", { phase: "restore" }))).toBeGreaterThan(0);
  expect(await value(of("firedrill_waiting_for_person"))).toBe(0);
  expect(await value("firedrill_records_unreadable")).toBe(0);
  const completed = `sum(temporal_workflow_endtoend_latency_seconds_count)`;
  expect(await value(completed)).toBeGreaterThanOrEqual(1);
});

test("promtool has nothing to say of our metrics, nor of the whole page with those of the SDK", async () => {
  const text = await (await fetch(page)).text();
  const own = ownPart(text);
  expect(own.length).toBeGreaterThan(30);
  expect(await checked(`${own.join("\n")}\n`)).toMatchObject({ exitCode: 0, all: "" });
  expect(await checked(text)).toMatchObject({ exitCode: 0, all: "" });
  expect((await checked("# TYPE firedrill_x counter\nfiredrill_x 1\n")).exitCode).not.toBe(0);
});

test("a run that waits is seen while it waits; what is no record is counted; other pages are not there", async () => {
  await drill.plan(pgdump(drill, { connection: { port: 1, password: { file: drill.server.passwordFile } } }));
  const run = await drill.start("exercise", { scenario: "none" });
  await run.until("preflight/shop", "waiting");
  await mkdir(join(drill.directory, "records", "damaged"));
  await writeFile(join(drill.directory, "records", "damaged", "report.json"), "{");
  expect(await value(`${of("firedrill_waiting_for_person")} == 1`)).toBe(1);
  expect(await value(`firedrill_records_unreadable == 1`)).toBe(1);
  expect(await value('ALERTS{alertname="DrillWaitsForPerson",alertstate="pending"}')).toBe(1);
  await run.decide("preflight/shop", "abort");
  expect((await run.end()).verdict).toBe("FAIL");
  expect(await value(`${of("firedrill_last_run_verdict", { verdict: "FAIL" })} == 1`)).toBe(1);
  expect(await value(of("firedrill_last_success_timestamp_seconds"))).toBeCloseTo(unixTime(passed.endedAt), 2);
  expect((await fetch(page.replace("metrics", "other"))).status).toBe(404);
});

test("the next worker serves the same", async () => {
  const before = ownPart(await (await fetch(page)).text());
  await drill.killWorker("SIGTERM");
  await expect(fetch(page)).rejects.toThrow("fetch failed");
  await drill.startWorker();
  const after = async () => expect(ownPart(await (await fetch(page)).text())).toEqual(before);
  await vi.waitFor(after, { timeout: 30_000, interval: 200 });
  expect(await value('up{job="firedrill"} == 1')).toBe(1);
});

test("`firedrill metrics` writes the same to a file that others may read, without Temporal and under any umask", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fd-textfile-"));
  const file = join(directory, "firedrill.prom");
  await writeFile(file, "old", { mode: 0o600 });
  const written = await firedrill("-o", file);
  expect(written).toMatchObject({ exitCode: 0, stdout: "", stderr: expect.stringContaining("left out: ") as string });
  expect((await stat(file)).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(["firedrill.prom"]);
  const text = await readFile(file, "utf8");
  expect(ownPart(text)).toEqual(ownPart(await (await fetch(page)).text()));
  expect(await checked(text)).toMatchObject({ exitCode: 0, all: "" });
  expect((await firedrill()).stdout).toBe(text.trimEnd());
  const { stdout } = await firedrill("--json", "--records", join(drill.directory, "records"));
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "firedrill_records_unreadable" }));
  const nowhere = await firedrill("--records", join(directory, "nowhere"), "-o", file);
  expect(nowhere.exitCode).toBe(2);
  expect(await readFile(file, "utf8")).toBe(text);
  await rm(directory, { recursive: true });
});

test("promtool accepts the example's alerts, and they fire when they should", async () => {
  const promtool = (...args: string[]) => execa("promtool", args, { cwd: root, all: true, reject: false });
  expect((await promtool("check", "rules", "examples/prometheus/alerts.yaml")).all).toContain("3 rules found");
  expect(await promtool("test", "rules", "test/metrics/alerts.yaml")).toMatchObject({ exitCode: 0 });
});

test("a port that somebody else has is said, and the worker does not start", async () => {
  const child = await drill.startWorker();
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(1);
  expect(await drill.workerLog()).toMatch(/cannot serve metrics on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/);
});
