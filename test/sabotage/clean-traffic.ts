import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export type Traffic = "none" | "inserts" | "changes" | "sequences" | "large objects" | "DDL" | "truncates";

/** What writers do, again and again; n counts up. */
export const traffics: Record<Traffic, (n: number) => string> = {
  none: () => "",
  inserts: (n) => `insert into written (v) values ('${n}')`,
  changes: (n) =>
    [
      `insert into written (v) values ('${n}')`,
      `update written set v = v || 'x' where id % 5 = ${n % 5}`,
      `delete from written where id % 7 = ${n % 7}`,
    ][n % 3]!,
  sequences: (n) =>
    n % 10 === 0 ? `select setval('written_id_seq', ${(n + 1) * 100})` : "select nextval('written_id_seq')",
  "large objects": (n) =>
    n % 3 === 2
      ? "select lo_unlink(min(oid)) from pg_largeobject_metadata having count(*) > 5"
      : `select lo_from_bytea(0, '${n}')`,
  DDL: (n) =>
    [
      `create table "made ${n}" (id serial primary key, v text)`,
      `alter table written add column if not exists "c ${n % 20}" int default ${n}`,
      `create or replace view seen as select ${n} as n`,
      `insert into written (v) values ('${n}')`,
    ][n % 4]!,
  truncates: (n) =>
    n % 2 === 0 ? "truncate written" : "insert into written (v) select 'v' from generate_series(1, 200)",
};

/** The table that writers need, made before the drill. */
export const written =
  "create table written (id bigserial primary key, v text); insert into written (v) values ('first')";

/** Milliseconds between two statements; DDL and TRUNCATE wait for locks and let others wait. */
const pause = (traffic: Traffic) => (traffic === "DDL" || traffic === "truncates" ? 100 : 10);

/** Writes into a database as long as the work goes on, also while the database is gone for a while. */
export async function whileWriting<Result>(
  config: pg.ClientConfig,
  traffic: Traffic,
  work: () => Promise<Result>,
): Promise<Result> {
  if (traffic === "none") return await work();
  const signal = { stopped: false };
  const writing = write(config, traffic, signal);
  try {
    return await work();
  } finally {
    signal.stopped = true;
    await writing;
  }
}

async function write(config: pg.ClientConfig, traffic: Traffic, signal: { stopped: boolean }) {
  let client: pg.Client | undefined;
  // A database may be read-only by default, or allow a millisecond only.
  const options = "-c default_transaction_read_only=off -c statement_timeout=0";
  for (let n = 0; !signal.stopped; n += 1) {
    try {
      if (client === undefined) {
        const next = new pg.Client({ ...config, options });
        next.on("error", () => {});
        await next.connect();
        client = next;
      }
      await client.query(traffics[traffic](n));
    } catch {
      // The database is gone, or comes back: an application connects again.
      await client?.end().catch(() => {});
      client = undefined;
    }
    await sleep(pause(traffic));
  }
  await client?.end();
}
