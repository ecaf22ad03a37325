import { everything } from "../support/everything.ts";

export type DataSet =
  | "empty"
  | "one row"
  | "100,000 rows"
  | "500 tables"
  | "wide rows"
  | "large objects"
  | "one of everything"
  | "partitions"
  | "unlogged tables"
  | "read-only by default"
  | "needs its settings"
  | "forbids DDL";

interface Data {
  /** Each runs in a transaction of its own. `name`: the database, quoted where it needs to be. */
  sql: (serverVersion: number, name: string) => string[];
  /** It takes a superuser to make and to restore. */
  superuser: boolean;
}

const plain = (...sql: string[]): Data => ({ sql: () => sql, superuser: false });

/** What may be in a database. */
export const dataSets: Record<DataSet, Data> = {
  empty: plain(),
  "one row": plain("create table one (a int); insert into one values (1)"),
  "100,000 rows": plain(
    `create table "Customer" (id bigserial primary key, name text, at timestamptz default clock_timestamp(), total numeric);
     insert into "Customer" (name, total) select md5(i::text), i * 1.1 from generate_series(1, 100000) i;
     create index on "Customer" (total); create index on "Customer" (name) where id % 2 = 0`,
  ),
  "500 tables": plain(
    `do $$ begin for i in 1..500 loop execute format('create table %I (id serial primary key, v text default %L)', 'Table ' || i, i);
     execute format('insert into %I default values', 'Table ' || i); end loop; end $$`,
  ),
  "wide rows": plain(
    `create table wide (id int primary key, b bytea, j jsonb, t text[]);
     insert into wide select i, decode(repeat(md5(i::text), 20000), 'hex'), jsonb_build_object('k', repeat('ü', 200000), 'n', 'nan'::float8::text),
       array_fill(md5(i::text), array[2000]) from generate_series(1, 20) i;
     alter table wide alter b set storage external;
     do $$ begin execute 'create table columns (' || (select string_agg(format('c%s int', i), ',') from generate_series(1, 1500) i) || ')'; end $$;
     insert into columns (c1, c1500) values (1, 1500)`,
  ),
  "large objects": {
    sql: () => [
      `select lo_from_bytea(0, decode(repeat(md5(i::text), 1000), 'hex')) from generate_series(1, 200) i; select lo_create(424242);
       create table holds (o oid); insert into holds select oid from pg_largeobject_metadata`,
    ],
    superuser: true,
  },
  "one of everything": { sql: (version) => everything(version), superuser: true },
  partitions: plain(
    `create table part (at date, n int, primary key (at, n)) partition by range (at);
     do $$ begin for i in 0..30 loop execute format('create table %I partition of part for values from (%L) to (%L)', 'part ' || i, '2020-01-01'::date + i, '2020-01-02'::date + i); end loop; end $$;
     insert into part select '2020-01-01'::date + i % 31, i from generate_series(1, 5000) i;
     create table base (a int, b text); create table derived (c int) inherits (base); alter table base add d text default 'late'; insert into derived (a, b, c, d) values (1, 'b', 2, 'd')`,
  ),
  "unlogged tables": plain(
    `create unlogged table quick (id serial primary key, v text); insert into quick (v) select 'x' from generate_series(1, 1000);
     create table slow (id serial primary key); insert into slow default values`,
  ),
  "read-only by default": {
    sql: (_, name) => [
      "create table fixed (a int primary key); insert into fixed values (1)",
      `alter database ${name} set default_transaction_read_only = on`,
      `alter database ${name} set statement_timeout = '1ms'`,
    ],
    superuser: false,
  },
  "needs its settings": {
    sql: (_, name) => [
      `alter database ${name} set app.most = '100'; alter database ${name} set search_path = "$user", app, public`,
      `set app.most = '100'; create schema app; create table app.limited (a int check (a < current_setting('app.most')::int)); insert into app.limited values (99);
       create function app.lower_it(text) returns text language sql immutable as 'select lower($1)'; create index on app.limited (app.lower_it(a::text))`,
    ],
    superuser: true,
  },
  "forbids DDL": {
    sql: () => [
      `create table kept (a int); insert into kept values (1); create schema firedrill_not;
       create function forbid() returns event_trigger language plpgsql as $$ begin
         if tg_tag in ('CREATE EXTENSION', 'DROP TABLE') then raise exception 'no DDL here'; end if; end $$;
       create event trigger forbid on ddl_command_start when tag in ('CREATE EXTENSION') execute function forbid()`,
    ],
    superuser: true,
  },
};
