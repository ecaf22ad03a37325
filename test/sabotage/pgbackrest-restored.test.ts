import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Drill } from "../support/drill.ts";
import { flipByte } from "./damage.ts";
import { type Sabotage, sabotages } from "./driver.ts";
import { type BackRestStage, createStage, fileOf, restoredSql } from "./pgbackrest-stage.ts";

/** What is wrong in the restored cluster when it is verified: each harm is done to the real, private server. */

let stage: BackRestStage;
beforeAll(async () => void (stage = await createStage()));
afterAll(async () => await stage.remove());

const restored = { moment: "step-end", step: "^restore/ledger$" } as const;

const inRestored = (name: string, sql: string, says: RegExp): Sabotage => ({
  name: `${name} after the restore`,
  when: restored,
  how: sql.replaceAll(/\s+/g, " "),
  does: async (drill, run) => await restoredSql(drill, run, sql),
  expects: { verdict: "FAIL", says },
});

const paths: Record<string, string> = {};
const damagedFile = (name: string, relation: string, says: RegExp): Sabotage => ({
  name,
  when: restored,
  how: `one byte in the middle of the restored file of ${relation} inverted`,
  before: async (drill) => void (paths[relation] = join(drill.server.data, await fileOf(drill, relation))),
  does: async () => await flipByte(paths[relation]!, 0.5),
  expects: { verdict: "FAIL", says },
});

const busy: Sabotage["before"] = async ({ server }: Drill) =>
  await server.sql("shop", "create table busy as select i, md5(i::text) as name from generate_series(1, 5000) i");

const rows: Sabotage[] = [
  inRestored("a row is changed", "update public.customer set name = 'x' where id = 7", /customer has other content/),
  inRestored("a row is missing", "delete from public.same_name where t = 2", /same_name has 1 row instead of 2/),
  inRestored("a row too many", "insert into public.same_name values (9, 9, 9)", /same_name has 3 rows instead of 2/),
  inRestored("a table is missing", 'drop table public."Order" cascade', /"?Order"? is missing/),
  inRestored("an index is missing", "drop index public.order_total", /index public.order_total is missing/),
  inRestored("a view is missing", "drop view public.big", /view public.big is missing/),
  inRestored(
    "a function is defined otherwise",
    "create or replace function public.twice(int) returns int language sql as 'select $1 * 3'",
    /function public.twice\(integer\) is defined or granted differently/,
  ),
  inRestored(
    "a grant is missing",
    "revoke select on public.customer from reader",
    /table public.customer is defined or granted differently/,
  ),
  inRestored("an extension is missing", "drop extension pg_trgm", /extension pg_trgm is missing/),
  inRestored("a role is missing", "drop owned by reader; drop role reader", /reader is missing/),
  inRestored("a role may do more", "alter role reader createdb", /role reader|reader/),
  inRestored("a setting of the database is missing", "alter database shop reset work_mem", /work_mem/),
  inRestored(
    "a large object is missing",
    "select lo_unlink(oid) from pg_largeobject_metadata",
    /Large objects: .*0 large objects/,
  ),
  inRestored(
    "a large object has other content",
    "select lo_put(oid, 0, 'X') from pg_largeobject_metadata",
    /Large objects: .*other content/,
  ),
  inRestored(
    "a sequence is missing",
    "alter table public.customer alter id drop default; drop sequence public.customer_id_seq",
    /customer_id_seq is missing/,
  ),
  inRestored(
    "a sequence is set back",
    "select setval('public.customer_id_seq', 19000)",
    /customer_id_seq stands at 19000, expected 20000/,
  ),
  inRestored(
    "an index is invalid",
    "update pg_index set indisvalid = false where indexrelid = 'public.order_total'::regclass",
    /order_total/,
  ),
  inRestored(
    "the sentinel is that of an older run",
    "update firedrill.sentinel set nonce = 'of an older run'",
    /Sentinel of this run: sha256/,
  ),
  inRestored("the sentinel belongs to another run", "update firedrill.sentinel set run = 'older'", /no sentinel/),
  inRestored(
    "heartbeats have a hole",
    "delete from firedrill.heartbeat where n = 2; insert into firedrill.heartbeat select run, max(n) + 2 from firedrill.heartbeat group by run",
    /Heartbeats without a gap: \d+ heartbeats, 1 to/,
  ),
  inRestored(
    "the newest heartbeats are missing",
    "delete from firedrill.heartbeat where n > 1",
    /heartbeat 1, although \d+ was archived/,
  ),
  damagedFile("a heap page is damaged", "customer", /invalid page in block|could not read/),
  damagedFile("a page of an index is damaged", "customer_pkey", /invalid page in block|customer_pkey/),
  {
    name: "a whole database is missing after the restore",
    when: restored,
    how: "drop database",
    before: async ({ server }) => await server.sql("postgres", "create database second"),
    does: async (drill, run) => await restoredSql(drill, run, "drop database second", "postgres"),
    expects: { verdict: "FAIL", says: /missing databases: second/ },
  },
  {
    name: "rows of a table that was written after the backup are missing",
    when: { moment: "step-end", step: "^backup/ledger$" },
    how: "1 row deleted on the live server, then 1000 more in the restored cluster",
    before: busy,
    does: async (drill, run) => {
      await drill.server.sql("shop", "delete from busy where i = 1; select pg_switch_wal()");
      const hold = await drill.hooks.hold(restored);
      void hold.reached().then(async () => {
        await restoredSql(drill, run, "delete from public.busy where i > 4000");
        await hold.release();
      });
    },
    expects: { verdict: "FAIL", says: /busy has 3,999 rows; 4,999 to 5,000 can be/ },
  },
];

sabotages(() => stage, rows);
