import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import type { Connection } from "../../plan/schema.ts";
import { passwordVariables } from "../../secrets.ts";
import { readJson } from "../files.ts";
import { jobState, startJob, stopJob } from "../jobs/job.ts";
import { forgetLeftover, noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import type { RunRef } from "../verbs.ts";
import { type Client, withClient } from "./client.ts";
import { isoOf } from "./server.ts";

/** The schema that holds sentinel and heartbeats, and nothing else. */
export const sentinelSchema = "firedrill";

const schemaMark = "Firedrill keeps sentinels and heartbeats here while an exercise runs";

/** A schema of that name that somebody else made is not ours to fill, and even less to drop. @throws TARGET_EXISTS */
async function requireOwnSchema(client: Client, database: string): Promise<void> {
  const { rows } = await client.query<{ mark: string | null }>(
    "select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1",
    [sentinelSchema],
  );
  if (rows[0] === undefined || rows[0].mark === schemaMark) return;
  throw fail(
    "TARGET_EXISTS",
    `database ${database} has a schema ${sentinelSchema} that Firedrill did not make`,
    "Rename that schema; then retry.",
  );
}

/** The last heartbeat that the server acknowledged, kept outside the target. */
export interface Acknowledged {
  n: number;
  at: string;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Plants the sentinel, which carries the run's nonce, and starts the heartbeat. Planting twice changes nothing. */
export async function plantSentinel(context: StepContext, component: string, connection: Connection, database: string) {
  const { run } = context;
  await noteLeftover(context.directory, `sentinel.${component}`, {
    kind: "sentinel",
    connection,
    database,
    run: run.id,
  });
  const at = await withClient(connection, database, async (client) => {
    await requireOwnSchema(client, database);
    // In one transaction: a schema without its mark would belong to somebody else for ever.
    await client.query("begin");
    await client.query(`create schema if not exists ${sentinelSchema}`);
    await client.query(`comment on schema ${sentinelSchema} is '${schemaMark}'`);
    await client.query(`create table if not exists ${sentinelSchema}.sentinel
      (run text primary key, nonce text not null, planted_at timestamptz not null default clock_timestamp())`);
    await client.query(`create table if not exists ${sentinelSchema}.heartbeat
      (run text, n bigint, at timestamptz not null default clock_timestamp(), primary key (run, n))`);
    const { rows } = await client.query<{ at: string }>(
      `insert into ${sentinelSchema}.sentinel (run, nonce) values ($1, $2)
       on conflict (run) do update set nonce = excluded.nonce returning ${isoOf("planted_at")} as at`,
      [run.id, run.nonce],
    );
    await client.query("commit");
    return rows[0]!.at;
  });
  await startHeartbeat(context, component, connection, database);
  return { sha256: sha256(run.nonce), at };
}

function heartbeatDirectory(context: StepContext, component: string): string {
  return join(context.directory, "jobs", `heartbeat.${component}`);
}

/** Starts the heartbeat unless it runs, and returns when the server has acknowledged the first one. @throws TIMED_OUT */
async function startHeartbeat(
  context: StepContext,
  component: string,
  connection: Connection,
  database: string,
): Promise<void> {
  const directory = heartbeatDirectory(context, component);
  if ((await jobState(directory)) !== "running") {
    // A start that a crash cut short counts as none.
    await stopJob(directory, 0);
    await rm(directory, { recursive: true, force: true });
    const program = join(import.meta.dirname, `heartbeat${extname(import.meta.filename)}`);
    await noteLeftover(context.directory, `heartbeat.${component}`, { kind: "job", directory });
    const argv = [process.execPath, program, context.run.id, directory, JSON.stringify(connection), database];
    await startJob(directory, { argv }, passwordVariables(connection.password));
  }
  for (let waited = 0; waited < 60_000; waited += 20) {
    if ((await lastAcknowledged(context, component)) !== undefined) return;
    context.signal.throwIfAborted();
    await sleep(20);
  }
  throw fail(
    "TIMED_OUT",
    `${database} has not taken a heartbeat within a minute`,
    `See ${join(directory, "stderr.log")}.`,
  );
}

/** Ends the heartbeat and returns the last one that the server acknowledged. Safe to call again. */
export async function stopHeartbeat(context: StepContext, component: string): Promise<Acknowledged | undefined> {
  const directory = heartbeatDirectory(context, component);
  await stopJob(directory);
  await forgetLeftover(context.directory, `heartbeat.${component}`);
  return lastAcknowledged(context, component);
}

async function lastAcknowledged(context: StepContext, component: string): Promise<Acknowledged | undefined> {
  return readJson<Acknowledged>(join(heartbeatDirectory(context, component), "acknowledged.json"));
}

/** What of the run's own traces is in a database. */
export interface Found {
  nonceSha256: string | null;
  heartbeats: number;
  first: number;
  last: number;
  newestAt: string | null;
}

/** Looks for the sentinel and heartbeats of a run. A database without the schema holds none. */
export async function findSentinel(client: Client, run: string): Promise<Found> {
  const { rows: there } = await client.query<{ there: boolean }>(
    `select to_regclass('${sentinelSchema}.sentinel') is not null as there`,
  );
  if (!there[0]!.there) return { nonceSha256: null, heartbeats: 0, first: 0, last: 0, newestAt: null };
  const { rows: sentinels } = await client.query<{ nonce: string }>(
    `select nonce from ${sentinelSchema}.sentinel where run = $1`,
    [run],
  );
  const { rows } = await client.query<{ heartbeats: number; first: number; last: number; newestAt: string | null }>(
    `select count(*)::int as heartbeats, coalesce(min(n), 0)::int as first, coalesce(max(n), 0)::int as last,
            ${isoOf("max(at)")} as "newestAt" from ${sentinelSchema}.heartbeat where run = $1`,
    [run],
  );
  return { nonceSha256: sentinels[0] === undefined ? null : sha256(sentinels[0].nonce), ...rows[0]! };
}

/** A run that was closed took its sentinel away, also from what it had put into place; whoever resumes it looks for none. */
export function isRemoved({ resumes }: RunRef, nonceSha256: string | null): boolean {
  return resumes === true && nonceSha256 === null;
}

/**
 * A backup that an exercise made holds that exercise's sentinel, which has no place in what a real restore brings back:
 * the clean-up takes it out.
 */
export async function noteForeignSentinels(
  { directory, run }: StepContext,
  component: string,
  connection: Connection,
  database: string,
): Promise<void> {
  if (run.type !== "restore") return;
  await noteLeftover(directory, `sentinel.${component}`, { kind: "sentinel", connection, database, run: null });
}

/**
 * Takes a run's sentinel and heartbeats out of a database, and the schema with the last of them; in one transaction.
 * @param run null for those of all runs
 */
export async function removeSentinel(client: Client, run: string | null): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('${sentinelSchema}.sentinel') is not null as there`,
  );
  if (!rows[0]!.there) return;
  if (run === null) await requireOwnSchema(client, "the restored one");
  await client.query("begin");
  await client.query(`lock table ${sentinelSchema}.sentinel in access exclusive mode`);
  await client.query(`delete from ${sentinelSchema}.sentinel where coalesce(run = $1, true)`, [run]);
  await client.query(`delete from ${sentinelSchema}.heartbeat where coalesce(run = $1, true)`, [run]);
  const { rows: others } = await client.query<{ n: number }>(
    `select count(*)::int as n from ${sentinelSchema}.sentinel`,
  );
  if (others[0]!.n === 0) {
    await client.query(`drop table ${sentinelSchema}.heartbeat, ${sentinelSchema}.sentinel`);
    // Without cascade: what somebody else put into the schema stays, and so does the schema then.
    const { rows: left } = await client.query<{ n: number }>(
      `select count(*)::int as n from pg_depend where refclassid = 'pg_namespace'::regclass and refobjid = to_regnamespace('${sentinelSchema}')`,
    );
    if (left[0]!.n === 0) await client.query(`drop schema if exists ${sentinelSchema}`);
  }
  await client.query("commit");
}
