import { type Client, ServiceError, type WorkflowHandle } from "@temporalio/client";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { stringify } from "yaml";
import { createServer, type LabServer } from "../../lab/postgres.ts";
import { Hooks } from "../hook/rules.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import { connectClient } from "../../src/temporal/connect.ts";

/** A worker process of its own, a plan and a configuration in one directory. */
export interface Workplace {
  directory: string;
  client: Client;
  /** What workers do, and where they stand still; workers obey when the drill was made with `hooks`. */
  hooks: Hooks;
  /** host:port of its Temporal server. */
  address: string;
  /** The worker's task queue. */
  taskQueue: string;
  /** Takes effect with the next run. */
  plan: (components: object | object[], more?: object, name?: string) => Promise<void>;
  configure: (change: object) => Promise<void>;
  startWorker: (env?: Record<string, string>) => Promise<ChildProcess>;
  /** Starts a worker when none runs. */
  ensureWorker: (env?: Record<string, string>) => Promise<void>;
  killWorker: (signal?: NodeJS.Signals) => Promise<void>;
  start: (type?: RunType, more?: object) => Promise<DrillRun>;
  workerLog: () => Promise<string>;
  remove: () => Promise<void>;
}

/** A real drill of a PostgreSQL server. */
export interface Drill extends Workplace {
  server: LabServer;
}

export interface DrillRun {
  handle: WorkflowHandle;
  record: () => Promise<RunRecord>;
  until: (step: string, ...status: string[]) => Promise<RunRecord>;
  decide: (step: string, action: string) => Promise<unknown>;
  /** The record after the end, whatever the verdict; fails when a step waits for a person. */
  end: () => Promise<RunRecord>;
}

const data = `
  create table customer (id bigserial primary key, name text not null, since timestamptz default now());
  insert into customer (name) select md5(i::text) from generate_series(1, 20000) i;
  create table "Order" (id serial primary key, customer bigint references customer, total numeric(10,2));
  insert into "Order" (customer, total) select 1 + i % 20000, i from generate_series(1, 50000) i;
  create index order_total on "Order" (total);
  create view big as select * from "Order" where total > 100;
  create type mood as enum ('good', 'bad');
  create function twice(int) returns int language sql as 'select $1 * 2';
  select lo_from_bytea(0, 'a large object');
  create extension pg_trgm;
  grant select on customer to reader;
  comment on table customer is 'people';
  create table same_name (same_name int, t int, balance numeric);
  insert into same_name values (1, 1, 100);
  create materialized view stale as select count(*) from same_name;
  insert into same_name values (2, 2, 100);`;

/**
 * @param archive a pgBackRest stanza for the server
 * @param hooks workers write an effects log and can be held
 * @param address a Temporal server of the test's own
 * @param bin directory of the programs of another PostgreSQL
 */
export async function createDrill({
  archive = false,
  hooks: hooked = false,
  address = inject("temporalAddress"),
  bin = undefined as string | undefined,
} = {}): Promise<Drill> {
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const server = await createServer({ directory: join(directory, "pg"), name: "pg", archive, ...(bin && { bin }) });
  await server.sql("postgres", "create role reader login password 'reader-password'");
  await server.sql("postgres", "create database shop");
  await server.sql("shop", data);
  await server.sql("postgres", "alter database shop set work_mem = '9MB'");
  const mayDestroy = [
    { systemIdentifier: server.systemIdentifier, server: `127.0.0.1:${server.port}`, database: "shop" },
    { systemIdentifier: server.systemIdentifier, data: server.data },
  ];
  const workplace = await createWorkplace(directory, { hooked, address, mayDestroy });
  return {
    ...workplace,
    server,
    async remove() {
      await workplace.killWorker();
      await server.remove();
      await workplace.remove();
    },
  };
}

/**
 * @param directory that everything lies in, and that is removed with it
 * @param stepWithinMs for `until`
 */
export async function createWorkplace(
  directory: string,
  { hooked = false, address = inject("temporalAddress"), mayDestroy = [] as object[], stepWithinMs = 90_000 },
): Promise<Workplace> {
  const { client, close } = await connectClient({ address, namespace: "default" });
  const taskQueue = `drill-${randomUUID()}`;
  const workers = new Set<ChildProcess>();
  const hooks = new Hooks(join(directory, "hook"));
  if (hooked) await hooks.clear();
  const write = (file: string, content: object) => writeFile(join(directory, file), stringify(content));
  const config = { plans: "./plans", records: "./records", state: "./state", taskQueue, mayDestroy };
  await mkdir(join(directory, "plans"));
  await write("firedrill.yaml", config);

  const workplace: Workplace = {
    directory,
    client,
    hooks,
    address,
    taskQueue,
    plan: (components, more = {}, name = "drill") =>
      write(`plans/${name}.yaml`, {
        objectives: { rto: "5m", rpo: "5m" },
        name,
        ...more,
        components: [components].flat(),
      }),
    configure: (change) => write("firedrill.yaml", { ...config, ...change }),
    async startWorker(env = {}) {
      const log = await open(join(directory, "worker.log"), "a");
      const child = spawn(process.execPath, ["src/worker.ts"], {
        env: {
          ...process.env,
          FIREDRILL_CONFIG: join(directory, "firedrill.yaml"),
          TEMPORAL_ADDRESS: address,
          ...(hooked && hooks.environment()),
          ...env,
        },
        stdio: ["ignore", log.fd, log.fd],
      });
      await log.close();
      workers.add(child);
      child.once("exit", () => workers.delete(child));
      return child;
    },
    async ensureWorker(env = {}) {
      if (workers.size === 0) await workplace.startWorker(env);
    },
    async killWorker(signal = "SIGKILL") {
      await Promise.all([...workers].map((child) => (child.kill(signal), once(child, "exit"))));
    },
    async start(type = "exercise", more = {}) {
      const args = [{ plan: "drill", by: "anna", reason: "test", ...more }];
      const workflowId = `drill-${randomUUID()}`;
      return drillRun(await client.workflow.start(type, { taskQueue, workflowId, args }), stepWithinMs);
    },
    workerLog: () => readFile(join(directory, "worker.log"), "utf8"),
    async remove() {
      await workplace.killWorker();
      await close();
      await rm(directory, { recursive: true });
    },
  };
  return workplace;
}

function drillRun(handle: WorkflowHandle, stepWithinMs: number): DrillRun {
  const record = () => handle.query<RunRecord>("record");
  /** The record's steps; none while no worker can answer because it starts, or was killed. */
  const steps = async () => {
    try {
      return (await record()).steps;
    } catch (error) {
      if (error instanceof ServiceError) return [];
      throw error;
    }
  };
  const run: DrillRun = {
    handle,
    record,
    decide: (step, action) => handle.executeUpdate("decide", { args: [{ step, action, by: "bert", reason: "test" }] }),
    async until(step, ...status) {
      for (const deadline = Date.now() + stepWithinMs; Date.now() < deadline; await sleep(50)) {
        const now = await steps();
        if (status.includes(now.find(({ id }) => id === step)?.status ?? "")) return await record();
        const waiting = now.find((one) => one.status === "waiting" && one.id !== step);
        if (waiting !== undefined) throw new Error(`${waiting.id} waits: ${JSON.stringify(waiting.failures)}`);
      }
      throw new Error(`${step} did not become ${status.join(" or ")}`);
    },
    async end() {
      for (let status = ""; status !== "done";) {
        const description = await handle.describe();
        status = description.status.name === "RUNNING" ? "running" : "done";
        const waiting = status === "running" ? (await steps()).find((one) => one.status === "waiting") : undefined;
        if (waiting !== undefined) throw new Error(`${waiting.id} waits: ${JSON.stringify(waiting.failures)}`);
        if (status === "running") await sleep(100);
      }
      return record();
    },
  };
  return run;
}

export function step(record: RunRecord, id: string) {
  const found = record.steps.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no step ${id} in the record`);
  return found;
}

/** Programs that still run below a directory, by their command lines. */
export async function programsOf(directory: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines
    .map((line) => line.replaceAll("\0", " "))
    .filter((line) => line.includes(directory) && /supervisor|dump|pg_restore|heartbeat|pgbackrest/.test(line));
}

export const pgdump = (drill: Drill, more: object = {}) => ({
  name: "shop",
  kind: "pgdump",
  connection: { port: drill.server.port, password: { file: drill.server.passwordFile } },
  database: "shop",
  dumps: join(drill.directory, "dumps"),
  ...more,
});

export const pgbackrest = ({ server }: Drill, more: object = {}) => ({
  name: "ledger",
  kind: "pgbackrest",
  connection: { port: server.port, password: { file: server.passwordFile } },
  database: "shop",
  stanza: server.pgbackrest!.stanza,
  config: server.pgbackrest!.config,
  data: server.data,
  ...(server.osUser !== undefined && { osUser: server.osUser }),
  backup: "incr",
  ...more,
});
