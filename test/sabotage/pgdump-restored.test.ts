import { afterAll, beforeAll } from "vitest";
import type { Drill } from "../support/drill.ts";
import { type DrillRun, type Sabotage, sabotages, type Stage } from "./driver.ts";
import { asOwner, at, damageRelation, flip, inScratch, pgdumpStage, scratchOf } from "./pgdump-stage.ts";

/** What is wrong in the restored database when it is verified: each harm is done to the real scratch database. */

let stage: Stage;
beforeAll(async () => void (stage = await pgdumpStage()));
afterAll(() => stage.drill.remove());

const restored = (name: string, sql: string, says: RegExp): Sabotage => ({
  name: `${name} after the restore`,
  when: at.verify,
  how: sql.replaceAll(/\s+/g, " "),
  does: inScratch(sql),
  expects: { verdict: "FAIL", says },
});

const content: Sabotage[] = [
  restored("a row is changed", "update customer set name = 'x' where id = 7", /customer has other content/),
  restored("a number is off by one hundredth", `update "Order" set total = total + 0.01 where id = 9`, /"Order" has/),
  restored("a row is deleted", "delete from same_name where t = 2", /same_name has 1 row instead of 2/),
  restored("a row is added", "insert into same_name values (9, 9, 9)", /same_name has 3 rows instead of 2/),
  restored("a row is there twice", "insert into same_name select * from same_name where t = 1", /3 rows instead of 2/),
  restored("all rows are gone", "truncate customer cascade", /customer has 0 rows instead of 20,000/),
  restored("two rows have changed places", "update same_name set t = 3 - t", /same_name has other content/),
  restored("a large object is missing", "select lo_unlink(oid) from pg_largeobject_metadata", /0 large objects/),
  restored(
    "a large object has other content",
    "select lo_put(oid, 0, 'X') from pg_largeobject_metadata",
    /Large objects: other content/,
  ),
  restored("a sequence is set back", "select setval('customer_id_seq', 19000)", /_id_seq stands at 19000, expected 20/),
  restored("a sequence begins anew", "alter sequence customer_id_seq restart", /_id_seq is unused and begins at 1/),
];

const definitions: Sabotage[] = [
  restored("a table is missing", `drop table "Order" cascade`, /public\."Order" is missing/),
  restored("a table too many", "create table extra (a int)", /extra was not in the backup/),
  restored("an index is missing", "drop index order_total", /index public\.order_total is missing/),
  restored("a key is missing", "alter table customer drop constraint customer_pkey cascade", /customer_pkey/),
  restored("a foreign key is missing", `alter table "Order" drop constraint "Order_customer_fkey"`, /Order_customer_/),
  restored(
    "a column may be empty",
    "alter table customer alter name drop not null",
    /table public\.customer is defined/,
  ),
  restored("a view is missing", "drop view big", /view public\.big is missing/),
  restored(
    "a function is defined otherwise",
    "create or replace function twice(int) returns int language sql as 'select $1 * 3'",
    /function public\.twice\(integer\) is defined or granted differently/,
  ),
  restored(
    "a sequence is missing",
    "alter table customer alter id drop default; drop sequence customer_id_seq",
    /customer_id_seq is missing/,
  ),
  restored("an extension is missing", "drop extension pg_trgm", /extension pg_trgm is missing/),
  restored("a type has another label", "alter type mood rename value 'bad' to 'sad'", /type public\.mood is defined/),
  restored("a comment is missing", "comment on table customer is null", /comment table public\.customer is missing/),
  restored(
    "a grant is missing",
    "revoke select on customer from reader",
    /table public\.customer is defined or granted/,
  ),
  restored("a grant too many", "grant delete on customer to public", /table public\.customer is defined or granted/),
  restored("a table has another owner", "alter table same_name owner to staff", /table public\.same_name is defined/),
];

/** Roles belong to the whole server; each row mends what it broke. */
const roles: Sabotage[] = [
  {
    name: "a role is missing after the restore",
    when: at.verify,
    how: "drop owned by guest; drop role guest",
    before: async ({ server }) => {
      await server.sql("postgres", "create role guest");
      await server.sql("shop", "grant select on same_name to guest");
    },
    does: inScratch("drop owned by guest; drop role guest"),
    expects: { verdict: "FAIL", says: /Roles: guest is missing/ },
  },
  {
    name: "a role may do more after the restore",
    when: at.verify,
    how: "alter role reader createdb",
    does: ({ server }) => server.sql("postgres", "alter role reader createdb"),
    undo: ({ server }) => server.sql("postgres", "alter role reader nocreatedb"),
    expects: { verdict: "FAIL", says: /Roles: reader differs/ },
  },
  {
    name: "a role is not a member any more after the restore",
    when: at.verify,
    how: "revoke staff from reader",
    does: ({ server }) => server.sql("postgres", "revoke staff from reader"),
    undo: ({ server }) => server.sql("postgres", "grant staff to reader"),
    expects: { verdict: "FAIL", says: /Roles: reader differs/ },
  },
  {
    name: "a setting of the database is missing after the restore",
    when: at.verify,
    how: "alter database reset work_mem",
    does: async ({ server }, run) => server.sql("postgres", `alter database ${await scratchOf(run)} reset work_mem`),
    expects: { verdict: "FAIL", says: /Settings of the database: work_mem is missing/ },
  },
];

const inPlace =
  (change: (path: string) => Promise<void>, relation: string) =>
  async (drill: Drill, run: DrillRun): Promise<void> =>
    damageRelation(drill, await scratchOf(run), relation, change);

const structure: Sabotage[] = [
  {
    name: "a heap page is damaged after the restore",
    when: at.verify,
    how: "one bit of the table's file flipped while the server is down",
    does: inPlace((path) => flip(path, 3 * 8192 + 4000), "customer"),
    expects: { verdict: "FAIL", says: /invalid page in block 3/ },
  },
  {
    name: "an index page is damaged after the restore",
    when: at.verify,
    how: "one bit of the index's file flipped while the server is down",
    does: inPlace((path) => flip(path, 2 * 8192 + 4000), "customer_pkey"),
    expects: { verdict: "FAIL", says: /amcheck\): .*(customer_pkey|invalid page)/ },
  },
  restored(
    "an index lacks a row of its table",
    `update pg_index set indisready = false, indisvalid = false where indexrelid = 'order_total'::regclass;
     with gone as (delete from "Order" where id = 77 returning *) insert into "Order" select * from gone;
     update pg_index set indisready = true, indisvalid = true where indexrelid = 'order_total'::regclass`,
    /amcheck\): .*order_total/,
  ),
  restored(
    "an index is invalid",
    "update pg_index set indisvalid = false where indexrelid = 'order_total'::regclass",
    /Valid indexes: .*order_total/,
  ),
];

const sentinel: Sabotage[] = [
  restored(
    "the sentinel is that of an older run",
    "update firedrill.sentinel set nonce = 'old'",
    /Sentinel of this run: sha/,
  ),
  restored(
    "the sentinel belongs to another run",
    "update firedrill.sentinel set run = 'old'",
    /Sentinel.*: no sentinel/,
  ),
  restored("there is no sentinel", "drop schema firedrill cascade", /Sentinel of this run: no sentinel/),
  restored(
    "heartbeats have a hole",
    "insert into firedrill.heartbeat (run, n) select run, max(n) + 2 from firedrill.heartbeat group by run",
    /Heartbeats without a gap: \d+ heartbeats, 1 to/,
  ),
  restored("there are no heartbeats", "truncate firedrill.heartbeat", /Heartbeats without a gap: no heartbeat/),
];

const place: Sabotage[] = [
  {
    name: "the restored database is gone before it is verified",
    when: at.verify,
    how: "drop database of the scratch database",
    does: async ({ server }, run) => server.sql("postgres", `drop database ${await scratchOf(run)} with (force)`),
    expects: { verdict: "FAIL", says: /verify\/shop: .*(does not exist|no database)/ },
  },
  {
    name: "the restored database is gone before it is put into place",
    when: at.place,
    how: "drop database of the scratch database",
    does: async ({ server }, run) => server.sql("postgres", `drop database ${await scratchOf(run)} with (force)`),
    expects: { verdict: "FAIL", says: /the restored database .* is gone/ },
  },
  {
    name: "another database bears the name before the restored one is put into place",
    when: at.place,
    how: "create database shop",
    does: ({ server }) => server.sql("postgres", "create database shop"),
    expects: { verdict: "FAIL", says: /somebody made .* anew meanwhile/ },
  },
  {
    name: "the restored database takes no connections",
    when: at.verify,
    how: "alter database … allow_connections false, by the server's own user",
    does: async (drill, run) => asOwner(drill, `alter database ${await scratchOf(run)} allow_connections false`),
    expects: { verdict: "FAIL", says: /verify\/shop: .*not currently accepting connections/ },
  },
];

sabotages(() => stage, [...content, ...definitions, ...roles, ...structure, ...sentinel, ...place]);
