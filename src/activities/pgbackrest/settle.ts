import { describeFailure } from "../../failures.ts";
import { type Client, queryFailure } from "../postgres/client.ts";

/** Up to where in WAL the statistics tell everything that was written, and the databases of which they may not. */
export interface Settled {
  /** A position in WAL (LSN). */
  position: string;
  unsettled: string[];
}

/** Background workers of extensions and subscriptions write too; these do not. */
const others = `pg_stat_activity where datname is not null and pid <> pg_backend_pid()
  and backend_type not in ('autovacuum worker', 'walsender', 'parallel worker')`;

/**
 * A session hands its counts of written rows over some seconds late, and at the latest when it ends. So where sessions
 * may be ended, because the server is about to be lost, they are: what was written up to the position is counted then.
 */
export async function settle(client: Client, mayEnd: boolean): Promise<Settled> {
  // The position first: a session that begins after this look can only have written behind it.
  const { rows: at } = await client.query<{ position: string; counts: boolean }>(
    "select pg_current_wal_insert_lsn()::text as position, current_setting('track_counts')::bool as counts",
  );
  const { position, counts } = at[0]!;
  const { rows: sessions } = await client.query<{ pid: number; began: string }>(
    `select pid, backend_start::text as began from ${others}`,
  );
  const pids = sessions.map(({ pid }) => pid);
  if (mayEnd && pids.length > 0) await endSessions(client, pids);
  const { rows: left } = await client.query<{ database: string }>(
    `select distinct datname as database from ${others} and (pid, backend_start::text) in (select * from unnest($1::int[], $2::text[]))`,
    [pids, sessions.map(({ began }) => began)],
  );
  const { rows: all } = counts
    ? { rows: left }
    : await client.query<{ database: string }>("select datname as database from pg_database");
  return { position, unsettled: all.map(({ database }) => database) };
}

/** All at once, then waiting for each: five seconds at most. A user who may not do that finds them unsettled. */
async function endSessions(client: Client, pids: number[]): Promise<void> {
  try {
    await client.query("select pg_terminate_backend(pid) from unnest($1::int[]) pid", [pids]);
    await client.query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid = any($1::int[])", [
      pids,
    ]);
  } catch (error) {
    if (describeFailure(queryFailure(error, "ending sessions")).type !== "PERMISSION_DENIED") throw error;
  }
}
