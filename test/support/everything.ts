/** SQL for a database with one of everything that a dump brings back; PostgreSQL 14 and newer, user postgres. */

export const everythingRoles = `
  create role anna login; create role bert login; create role "Group of ""People""" nologin;
  grant "Group of ""People""" to anna;`;

const types = `
  create schema "Odd ""Schema"""; create schema other authorization anna; grant usage on schema other to bert with grant option;
  create type mood as enum ('good', 'bad', 'it''s, both'); alter type mood owner to anna;
  create type pair as (a int, "B c" text collate "C"); alter type pair owner to bert;
  create domain positive as int default 1 constraint above check (value > 0) not null; grant usage on domain positive to bert;
  create function gap(numeric, numeric) returns float8 language sql immutable as 'select ($1 - $2)::float8';
  create type spread as range (subtype = numeric, subtype_diff = gap, multirange_type_name = spreads);
  create type shell; create type book; create table book (title text);
  create collation plain (locale = 'C'); alter collation plain owner to anna;
  create conversion to_latin for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
  create extension pg_trgm schema other; create extension postgres_fdw; create extension btree_gist; create extension pg_stat_statements;`;

const functions = `
  create function lower_name(t text) returns text language sql immutable set search_path = 'Odd "Schema"', public as 'select lower(t)';
  create function standard(a int, variadic b int[] default '{}') returns int language sql stable parallel safe cost 7 begin atomic select a + cardinality(b); end;
  alter function standard owner to anna; revoke execute on function standard from public; grant execute on function standard to bert;
  create procedure clear() language plpgsql security definer as 'begin null; end';
  create aggregate total (numeric) (sfunc = numeric_add, stype = numeric, initcond = '0', parallel = safe, combinefunc = numeric_add);
  create function pair_text(pair) returns text language sql immutable as 'select ($1).a::text';
  create function text_pair(text) returns pair language sql immutable as 'select row(1, $1)::pair';
  create cast (pair as text) with function pair_text(pair) as assignment; create cast (mood as int) with inout;
  create function pair_less(pair, pair) returns boolean language sql immutable as 'select ($1).a < ($2).a';
  create function pair_more(pair, pair) returns boolean language sql immutable as 'select ($1).a > ($2).a';
  create function pair_cmp(pair, pair) returns int language sql immutable as 'select btint4cmp(($1).a, ($2).a)';
  create operator <<< (function = pair_less, leftarg = pair, rightarg = pair, commutator = >>>, restrict = scalarltsel);
  create operator >>> (function = pair_more, leftarg = pair, rightarg = pair, commutator = <<<);
  create function pair_same(pair, pair) returns boolean language sql immutable as 'select ($1).a = ($2).a';
  create operator === (function = pair_same, leftarg = pair, rightarg = pair, commutator = ===, hashes, merges);
  create operator <<= (function = pair_less, leftarg = pair, rightarg = pair); create operator >>= (function = pair_more, leftarg = pair, rightarg = pair, negator = <<<);
  create operator family pair_ways using btree; alter operator family pair_ways using btree owner to anna;
  create operator class pair_way for type pair using btree family pair_ways as operator 1 <<<, operator 2 <<=, operator 3 ===, operator 4 >>=, operator 5 >>>, function 1 pair_cmp(pair, pair);
  create function pair_less_int(pair, int) returns boolean language sql immutable as 'select ($1).a < $2'; create operator <<< (function = pair_less_int, leftarg = pair, rightarg = int); alter operator family pair_ways using btree add operator 1 <<< (pair, int);
  create text search dictionary simple_one (template = simple, stopwords = 'english'); create text search configuration english_one (copy = english);
  alter text search configuration english_one alter mapping for word with simple_one; alter text search configuration english_one owner to anna;
  create text search template empty_one (lexize = dsimple_lexize, init = dsimple_init);
  create text search parser same_one (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline);
  create function same_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler'; create trusted language plsame handler same_handler;
  create access method heapy type table handler heap_tableam_handler;
  create transform for int language plpgsql (from sql with function prsd_lextype(internal));
  create function log_ddl() returns event_trigger language plpgsql as 'begin null; end';
  create event trigger log_ddl on ddl_command_end when tag in ('CREATE TABLE', 'DROP TABLE') execute function log_ddl();
  create event trigger never on sql_drop execute function log_ddl(); alter event trigger never disable;`;

const tables = `
  create table customer (id bigint generated always as identity (start 100 increment 5), name text not null default 'x, y', since timestamptz default now(), mood mood, p positive,
    doubled numeric generated always as (2.5 * 2) stored, gone int, tags text[], pair pair, at spread, many spreads, constraint customer_pk primary key (id), constraint no_empty check (name <> '') no inherit);
  alter table customer drop column gone; alter table customer alter name set statistics 500, alter name set storage external, alter tags set (n_distinct = 5);
  alter table customer alter name set compression pglz, set (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off), cluster on customer_pk, replica identity full;
  insert into customer (name, mood, tags, pair, at, many) select 'näme ' || i, 'good', array['a', null, 'b"c'], row(i, 'x'::text)::pair, spread(i, i + 1), spreads(spread(i, i + 1)) from generate_series(1, 500) i;
  grant select on customer to bert with grant option; grant update (name), select (id) on customer to anna, bert; alter table customer owner to anna;
  create index customer_lower on customer (lower_name(name)); alter index customer_lower alter column 1 set statistics 77;
  create unique index customer_some on customer (name) include (since) where id > 10 and mood = 'good';
  create index customer_trgm on customer using gin (name other.gin_trgm_ops);
  create index customer_pair on customer (pair pair_way);
  create statistics customer_stats (ndistinct, dependencies, mcv) on name, mood from customer; alter statistics customer_stats set statistics 99;
  create table "Order ""Ü""" ("Row" serial primary key, customer bigint references customer on delete cascade deferrable initially deferred, during tsrange, exclude using gist (customer with =, during with &&));
  alter table "Order ""Ü""" add constraint later foreign key (customer) references customer not valid;
  insert into "Order ""Ü""" (customer, during) select id, tsrange('2020-01-01', '2020-01-02') from customer;
  create table numbers (f float8, r real, n numeric, d date, t timestamptz, i interval, m money, j json, jb jsonb, b bytea, v varbit, x tsvector, u uuid, ip inet, big text, c "char", l pg_lsn, o oid, reg regclass);
  insert into numbers values ('nan', '-infinity', 'NaN', 'infinity', '-infinity', '1 year -2 days 00:00:01.5', 12.5, '{"a":  1}', '{"b": null}', '\\x00ff', B'101', 'a:1 b:2A', '00000000-0000-0000-0000-000000000001', '::1', repeat('€', 300000), 'x', '1/2', 7, 'customer'),
    ('infinity', 1e-40, 1e100, 'epoch', 'epoch', '-1 mon', -1, '[]', '[1, 2.50]', '', B'', '', null, null, null, null, null, null, null), (0.1 + 0.2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
  create table empty (); create table nothing (a int); create table only_defaults (); insert into only_defaults default values; insert into only_defaults default values;
  create unlogged table fast (id serial, a int); insert into fast (a) select 1;
  create table parent (a int, b text); create table child (c int) inherits (parent); alter table parent add column d int default 7;
  create table late (d int, c int, b text, a int); alter table late inherit parent; insert into parent values (1, 'p', 2); insert into child values (1, 'c', 2, 3); insert into late values (1, 2, 'late', 4);
  create table measured (at date not null, value int, constraint measured_pk primary key (at)) partition by range (at);
  create table measured_2020 partition of measured for values from ('2020-01-01') to ('2021-01-01');
  create table measured_2021 (value int, at date not null); alter table measured attach partition measured_2021 for values from ('2021-01-01') to ('2022-01-01');
  create table measured_rest partition of measured default partition by range (at); create table "measured Rest 1" partition of measured_rest for values from ('2022-01-01') to (maxvalue);
  insert into measured select '2020-06-01'::date + i, 1 from generate_series(0, 900) i; create index measured_value on measured (value);
  create table refers (at date references measured); create table refers_part (at date, constraint fk_of_part foreign key (at) references measured) partition by list (at);
  create table refers_part_1 (at date, constraint fk_of_another_name foreign key (at) references measured); alter table refers_part attach partition refers_part_1 default;
  create index lone on only measured (value, at);
  create table typed of pair; create table with_am (a int) using heapy;
  create sequence counting as smallint increment -3 minvalue -100 maxvalue 50 start 50 cache 5 cycle owned by nothing.a; select nextval('counting');
  create sequence set_only; select setval('set_only', 400, false); create sequence used; select setval('used', 9007199254740993);
  create table secrets (id int, whose name); alter table secrets enable row level security; alter table secrets force row level security;
  create policy own on secrets as restrictive for select to anna, bert using (whose = current_user); create policy all_of on secrets with check (id > 0); insert into secrets values (1, 'anna');
  create table duplicate (a int); insert into duplicate values (1), (1);`;

const rest = `
  create view people as select id, name from customer where mood = 'good' with cascaded check option; alter view people set (security_barrier = true); alter view people alter name set default 'v'; grant select on people to bert;
  create view "no columns" as select; create recursive view counting_up (n) as values (1) union all select n + 1 from counting_up where n < 5;
  create materialized view summed as select mood, count(*) from customer group by mood; create unique index summed_mood on summed (mood); create materialized view unfilled as select 1 as one with no data;
  create rule note as on update to nothing do also insert into duplicate values (new.a); create rule off as on delete to nothing do instead nothing; alter table nothing disable rule off;
  create function stamp() returns trigger language plpgsql as 'begin return new; end';
  create trigger stamped before insert or update of name on customer for each row when (new.name <> 'x') execute function stamp();
  create trigger stamped after insert on measured for each row execute function stamp(); alter table measured_2020 disable trigger stamped;
  create constraint trigger checked after insert on nothing deferrable initially deferred for each row execute function stamp(); alter table nothing enable always trigger checked;
  create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', dbname 'x'); alter server far owner to anna; grant usage on foreign server far to bert;
  create foreign data wrapper bare options (debug 'true'); create server bare_one type 'a' version 'b' foreign data wrapper bare;
  create user mapping for bert server far options (user 'u', password 'not to be read'); create user mapping for public server bare_one;
  create foreign table distant (a int options (column_name 'b') not null) server far options (table_name 'there');
  create publication all_of for all tables with (publish = 'insert'); create publication few for table customer, nothing; alter publication few owner to anna;
  alter default privileges for role anna in schema other grant select on tables to bert; alter default privileges revoke execute on functions from public;
  grant execute on function pg_ls_dir(text) to bert; grant select on pg_stat_statements to bert; revoke execute on function other.similarity(text, text) from public; grant select (rolname) on pg_authid to bert;
  select lo_from_bytea(0, decode(repeat('ab', 5000), 'hex')), lo_create(777); alter large object 777 owner to anna; grant select on large object 777 to bert; comment on large object 777 is 'large';
  create function fails() returns int language plpgsql immutable as 'begin return 1; end';
  create index concurrently_not on duplicate (a); update pg_index set indisvalid = false where indexrelid = 'concurrently_not'::regclass;
  alter function fails() depends on extension pg_trgm;`;

const comments = `
  comment on table customer is 'people'; comment on column customer.name is 'how they are called'; comment on schema public is 'mine'; comment on function standard is 'f'; comment on type mood is 't'; comment on trigger stamped on customer is 'tr';
  comment on policy own on secrets is 'p'; comment on rule note on nothing is 'r'; comment on index customer_some is 'i'; comment on constraint no_empty on customer is 'c'; comment on constraint above on domain positive is 'd';
  comment on cast (pair as text) is 'k'; comment on operator <<< (pair, pair) is 'o'; comment on operator class pair_way using btree is 'oc'; comment on aggregate total (numeric) is 'a'; comment on extension pg_trgm is 'mine too';
  comment on text search dictionary simple_one is 'ts'; comment on statistics customer_stats is 's'; comment on server far is 'srv'; comment on publication few is 'pub'; comment on event trigger never is 'e'; comment on collation plain is 'cc'; comment on sequence used is 'sq'; comment on view people is 'v';`;

const since15 = `
  create publication filtered for table customer (id, name) where (id > 100); create publication by_schema for tables in schema "Odd ""Schema"""; create table "Odd ""Schema""".nulls (a int unique nulls not distinct); create view invoker with (security_invoker = true) as select 1 as a;
  create unlogged sequence fleeting; grant set on parameter work_mem to bert;`;

export function everything(serverVersion: number): string[] {
  return [types, functions, tables, rest, comments, ...(serverVersion >= 150_000 ? [since15] : [])];
}

/** For a database of that name: an identifier, quoted where it needs to be. */
export const everythingOfDatabase = (name: string) => `
  alter database ${name} owner to anna; alter database ${name} connection limit 17; comment on database ${name} is 'all, with ''quotes''';
  grant connect, temporary on database ${name} to bert with grant option; revoke connect on database ${name} from public;
  alter database ${name} set search_path = "$user", 'Odd "Schema"', public; alter database ${name} set app.most = '100 %'; alter database ${name} set statement_timeout = '3s';
  alter database ${name} set default_transaction_read_only = on; alter role bert in database ${name} set work_mem = '9MB';`;
