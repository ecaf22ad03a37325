import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { backrest, createServer, type LabServer } from "../../lab/postgres.ts";
import { processesBelow } from "../../lab/processes.ts";
import { cleanRun } from "../../src/activities/cleanup.ts";
import * as kind from "../../src/activities/pgbackrest/index.ts";
import type { StepContext } from "../../src/activities/step.ts";
import { connect } from "../../src/activities/postgres/client.ts";
import type { Backup, Inspection, Proof } from "../../src/activities/verbs.ts";
import { findPlan } from "../../src/plan/load.ts";
import { PgBackRestComponent } from "../../src/plan/schema.ts";
import type { RunType, Scenario } from "../../src/report/record.ts";

let parent: string;
let server: LabServer;
let component: PgBackRestComponent;
let planSha256: string;
let runs = 0;

beforeAll(async () => {
  parent = await mkdtemp("/tmp/fdb-");
  await chmod(parent, 0o755);
  server = await createServer({ directory: join(parent, "a"), name: "ledger", archive: true });
  await server.sql("postgres", "create database shop");
  await server.sql(
    "shop",
    `create table item as select g as id, md5(g::text) as name from generate_series(1, 5000) g;
     alter table item add primary key (id);
     create table sale (id serial primary key, at timestamptz not null default clock_timestamp());
     create unlogged table basket as select 1 as id`,
  );
  await backrest(server, "backup", "--type=full");
  const written = {
    name: "ledger",
    kind: "pgbackrest",
    connection: { port: server.port, password: { file: server.passwordFile } },
    stanza: "ledger",
    config: server.pgbackrest!.config,
    data: server.data,
    osUser: server.osUser,
    backup: "incr",
  };
  component = PgBackRestComponent.parse(written);
  writeFileSync(join(parent, "ledger.yaml"), stringify({ name: "ledger", components: [written] }));
  ({ sha256: planSha256 } = await findPlan(parent, "ledger"));
});

afterAll(async () => {
  await server.remove();
  await rm(parent, { recursive: true, force: true });
});

interface Drill {
  context(step: string, tryNo?: number): StepContext;
  clean(): ReturnType<typeof cleanRun>;
}

/** Contexts of one run, as a worker would make them. */
function newRun(type: RunType, scenario: Scenario, progress: (text: string) => void = () => {}): Drill {
  runs += 1;
  const state = join(parent, "state");
  const run = {
    id: `run-${runs}`,
    short: runs.toString(16).padStart(8, "0"),
    plan: "ledger",
    planSha256,
    type,
    scenario,
    nonce: `nonce ${runs}`,
    startedAt: new Date().toISOString(),
    tryNo: 0,
  };
  const directory = join(state, "runs", run.id);
  const mayDestroy = [{ systemIdentifier: server.systemIdentifier, data: server.data }];
  const config = { plans: parent, records: join(parent, "records"), state, taskQueue: "t", mayDestroy };
  return {
    context: (step, tryNo = 0) => ({
      config: config,
      run: { ...run, tryNo },
      step: `${step}/ledger`,
      directory,
      signal: new AbortController().signal,
      cancelRequested: () => true,
      unlocked: () => Promise.resolve([]),
      progress,
    }),
    clean: async () => await cleanRun(directory),
  };
}

/** Runs a verb in a process of its own and kills it with -9 at some progress, or as soon as a job of that name runs. */
async function killAt(
  verb: keyof typeof kind,
  input: object,
  context: StepContext,
  when: RegExp | string,
): Promise<void> {
  const { signal: _, ...plain } = context;
  const module = join(import.meta.dirname, "../../src/activities/pgbackrest/index.ts");
  const code = `
    const kind = await import(${JSON.stringify(module)});
    const context = { ...${JSON.stringify(plain)}, signal: new AbortController().signal, cancelRequested: () => true, unlocked: async () => [], progress: (text) => console.log(text) };
    await kind[${JSON.stringify(verb)}](${JSON.stringify(input)}, context);
    console.log("ended");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (typeof when !== "string" && when.test(said)) child.kill("SIGKILL");
  });
  const timer = setInterval(() => {
    if (typeof when === "string" && jobRuns(join(context.directory, "jobs"), when)) child.kill("SIGKILL");
  }, 10);
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearInterval(timer);
  expect(signal, said).toBe("SIGKILL");
}

function jobRuns(jobs: string, name: string): boolean {
  if (!existsSync(jobs)) return false;
  return readdirSync(jobs).some((job) => job.startsWith(name) && existsSync(join(jobs, job, "program.json")));
}

async function untilProof(run: Drill): Promise<{ inspection: Inspection; backup: Backup; proof: Proof }> {
  const inspection = await kind.inspectPgBackRest({ component, toTime: null }, run.context("inspect"));
  await kind.plantPgBackRest({ component }, run.context("plant"));
  const backup = await kind.backupPgBackRest({ component }, run.context("backup"));
  const proof = await kind.provePgBackRest({ component, backup }, run.context("proof"));
  return { inspection, backup, proof };
}

const failed = (checks: { name: string; passed: boolean }[]) =>
  checks.filter(({ passed }) => !passed).map(({ name }) => name);

async function backupsOf(run: Drill): Promise<string[]> {
  const info = await backrest(server, "info", "--output=json");
  const labels = (JSON.parse(info) as [{ backup: { label: string }[] }])[0].backup.map(({ label }) => label);
  const found = await Promise.all(
    labels.map(async (label) => ({ label, text: await backrest(server, "info", "--output=json", `--set=${label}`) })),
  );
  return found.filter(({ text }) => text.includes(`"${run.context("x").run.id}"`)).map(({ label }) => label);
}

/** Files of the archive's WAL segments whose names begin so, in order. */
function segmentsOf(prefix: string): string[] {
  const archive = join(server.pgbackrest!.repository, "archive", "ledger", "15-1");
  return readdirSync(archive, { recursive: true, encoding: "utf8" })
    .filter((path) => /\/[0-9A-F]{24}-/.test(path) && path.startsWith(prefix))
    .sort()
    .map((path) => join(archive, path));
}

async function archiveSale(): Promise<void> {
  const before = segmentsOf("0000000").length;
  await server.sql("shop", "insert into sale default values; select pg_switch_wal()");
  await expect.poll(() => segmentsOf("0000000").length, { timeout: 20_000 }).toBeGreaterThan(before);
}

test("beside a live cluster: restored, proven by what fails without it, gone afterwards", async () => {
  const run = newRun("exercise", "none");
  const { inspection, backup } = await untilProof(run);
  expect(inspection.facts).toMatchObject({ identity: server.systemIdentifier, listed: true, archiving: true });
  await server.sql("shop", "insert into sale select from generate_series(1, 50)");

  const control = await kind.controlPgBackRest({ component, backup }, run.context("control"));
  expect(control.lostAt).toMatch(/^\d{4}-.*Z$/);
  const restored = await kind.restorePgBackRest({ component, backup, toTime: null }, run.context("restore"));
  const verify = async () =>
    await kind.verifyPgBackRest({ component, backup, restored, toTime: null }, run.context("verify"));
  const { checks, newestRecoveredAt } = await verify();
  expect(failed(checks), JSON.stringify(checks)).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual(control.checks.map(({ name }) => name));
  expect(failed(control.checks)).toEqual(checks.map(({ name }) => name));
  expect(Date.parse(newestRecoveredAt!)).toBeLessThan(Date.parse(control.lostAt!));

  // A check that cannot fail proves nothing: a changed row, a new column.
  const socket = /private socket in (\S+)/.exec(restored.place)![1]!;
  expect((await stat(socket)).mode & 0o777).toBe(0o700);
  const client = await connect({ host: socket, port: server.port, user: "postgres", tls: "disable" }, "shop");
  await client.query("update public.item set name = 'x' where id = 7");
  await client.query("alter table public.item add column extra int");
  await client.end();
  const after = await verify();
  expect(failed(after.checks)).toEqual(["tables", "objects"]);

  await run.clean();
  expect(existsSync(socket)).toBe(false);
  expect(existsSync(join(run.context("x").directory, "scratch", "ledger"))).toBe(false);
  expect(await server.sql("shop", "select count(*)::int as n from sale")).toEqual([{ n: 50 }]);
  expect(await server.sql("postgres", "select to_regnamespace('firedrill') as left")).toEqual([{ left: null }]);
});

test("destroyed for real, with the worker killed in every long step: one backup, one loss, all back and archiving", async () => {
  const run = newRun("exercise", "database");
  const inspection = await kind.inspectPgBackRest({ component, toTime: null }, run.context("inspect"));
  await kind.plantPgBackRest({ component }, run.context("plant"));
  await killAt("backupPgBackRest", { component }, run.context("backup"), "backup.");
  await killAt("backupPgBackRest", { component }, run.context("backup"), /is archived/);
  const backup = await kind.backupPgBackRest({ component }, run.context("backup"));
  expect(await backupsOf(run)).toEqual([backup.id]);
  const proof = await kind.provePgBackRest({ component, backup }, run.context("proof"));

  const input = { component, inspection, proof };
  await killAt("destroyPgBackRest", input, run.context("destroy"), /stopping the server/);
  await killAt("destroyPgBackRest", input, run.context("destroy"), /removing/);
  const loss = await kind.destroyPgBackRest(input, run.context("destroy"));
  expect(await kind.destroyPgBackRest(input, run.context("destroy"))).toEqual(loss);
  expect(readdirSync(server.data)).toEqual([]);
  expect(await processesBelow(server.directory, server.clusterName)).toEqual([]);
  const control = await kind.controlPgBackRest({ component, backup }, run.context("control"));
  expect(failed(control.checks)).toHaveLength(control.checks.length);

  await killAt("restorePgBackRest", { component, backup, toTime: null }, run.context("restore"), "restore.");
  const restored = await kind.restorePgBackRest({ component, backup, toTime: null }, run.context("restore"));
  const verified = await kind.verifyPgBackRest({ component, backup, restored, toTime: null }, run.context("verify"));
  expect(failed(verified.checks)).toEqual([]);
  const placed = await kind.placePgBackRest({ component, restored }, run.context("place"));
  expect(failed(placed.checks)).toEqual([]);
  expect(await kind.placePgBackRest({ component, restored }, run.context("place"))).toMatchObject({
    checks: [{ passed: true }],
  });
  // Without the history of the new timeline no later recovery would follow it.
  expect(existsSync(join(server.pgbackrest!.repository, "archive", "ledger", "15-1", "00000002.history"))).toBe(true);
  expect(await server.sql("shop", "select count(*)::int as n from item")).toEqual([{ n: 5000 }]);
  expect(await run.clean()).toMatchObject({ leftovers: [] });
});

test("WAL that is damaged or missing in the middle is found, before anything is destroyed and after", async () => {
  const run = newRun("exercise", "none");
  const { backup } = await untilProof(run);
  await archiveSale();
  await archiveSale();
  await kind.controlPgBackRest({ component, backup }, run.context("control"));
  const hurt = segmentsOf("00000002").at(-2)!;
  const whole = readFileSync(hurt);
  const restore = async (tryNo: number) =>
    await kind.restorePgBackRest({ component, backup, toTime: null }, run.context("restore", tryNo));
  try {
    writeFileSync(hurt, Buffer.concat([whole.subarray(0, 40), Buffer.alloc(whole.length - 40, 7)]));
    await expect(restore(0)).rejects.toMatchObject({ type: "UNDER_RECOVERED" });
    rmSync(hurt);
    const message = expect.stringContaining("lacks WAL") as string;
    await expect(kind.provePgBackRest({ component, backup }, run.context("proof", 1))).rejects.toMatchObject({
      type: "BACKUP_NOT_VERIFIED",
      message,
    });
    await expect(restore(1)).rejects.toMatchObject({ type: "UNDER_RECOVERED" });
    writeFileSync(hurt, whole);
    chownSync(hurt, (await stat(server.data)).uid, (await stat(server.data)).gid);
    expect(await restore(2)).toMatchObject({ note: expect.stringContaining("recovered to") as string });
  } finally {
    await run.clean();
  }
});

test("a real loss: to a moment in the past, what was there is kept; a moment that the archive does not reach is refused", async () => {
  await server.sql("shop", "insert into sale (id) values (1001)");
  await sleep(20);
  const toTime = new Date().toISOString();
  await sleep(20);
  await server.sql("shop", "insert into sale (id) values (1002)");
  await archiveSale();

  const late = newRun("restore", "none");
  const future = new Date(Date.now() + 3_600_000).toISOString();
  await kind.inspectPgBackRest({ component, toTime: future }, late.context("inspect"));
  const reaching = kind.restorePgBackRest({ component, backup: null, toTime: future }, late.context("restore"));
  const hint = expect.stringContaining("no commit after that time") as string;
  await expect(reaching).rejects.toMatchObject({ type: "RECOVERY_FAILED", details: [{ hint }] });
  await late.clean();

  const run = newRun("restore", "database");
  await kind.inspectPgBackRest({ component, toTime }, run.context("inspect"));
  const control = await kind.controlPgBackRest({ component, backup: null }, run.context("control"));
  const restored = await kind.restorePgBackRest({ component, backup: null, toTime }, run.context("restore"));
  const input = { component, backup: null, restored, toTime };
  const { checks } = await kind.verifyPgBackRest(input, run.context("verify"));
  expect(failed(checks)).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual(["not-empty", "indexes", "amcheck", "catalog", "recovery"]);
  expect(failed(control.checks)).toEqual(["not-empty", "indexes", "amcheck", "recovery"]);
  await kind.placePgBackRest({ component, restored }, run.context("place"));
  expect(await server.sql("shop", "select id from sale where id > 1000")).toEqual([{ id: 1001 }]);
  const aside = `${server.data}.before-${run.context("x").run.short}`;
  expect(await run.clean()).toMatchObject({ leftovers: [{ where: aside }] });
  expect(existsSync(join(aside, "PG_VERSION"))).toBe(true);
});

test("refuses what is not listed, what is another cluster, and what vanished by itself", async () => {
  const run = newRun("exercise", "database");
  const { inspection, backup, proof } = await untilProof(run);
  const context = run.context("destroy");
  const destroy = async (change: Partial<StepContext>, facts: Partial<Inspection["facts"]> = {}) =>
    await kind.destroyPgBackRest(
      { component, inspection: { ...inspection, facts: { ...inspection.facts, ...facts } }, proof },
      { ...context, ...change },
    );
  await expect(destroy({ config: { ...context.config, mayDestroy: [] } })).rejects.toMatchObject({ type: "REFUSED" });
  await expect(destroy({}, { identity: "1" })).rejects.toMatchObject({ type: "REFUSED" });
  const listed = { ...context.config, mayDestroy: [{ systemIdentifier: "1", data: server.data }] };
  await expect(destroy({ config: listed }, { identity: "1" })).rejects.toMatchObject({ type: "IDENTITY_CHANGED" });
  expect(await server.sql("shop", "select count(*)::int as n from item")).toEqual([{ n: 5000 }]);
  const restoring = kind.restorePgBackRest({ component, backup, toTime: null }, run.context("restore"));
  await expect(restoring).rejects.toMatchObject({ type: "TARGET_EXISTS" });
  const gone = { ...component, data: join(parent, "nothing") };
  const config = { ...context.config, mayDestroy: [{ systemIdentifier: server.systemIdentifier, data: gone.data }] };
  const destroying = kind.destroyPgBackRest({ component: gone, inspection, proof }, { ...context, config });
  await expect(destroying).rejects.toMatchObject({ type: "TARGET_GONE" });
  await run.clean();
});
