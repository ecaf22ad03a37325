import { databaseQueries, publicationQueries } from "./catalog-database.ts";
import { relationQueries } from "./catalog-relations.ts";
import { notOfExtension, ownColumnOrder, userSchema } from "./catalog-sql.ts";
import { typeQueries } from "./catalog-types.ts";

/** Counts up when a query below says something else of the same objects: a fingerprint of before says less then. */
export const catalogVersion = 2;

/**
 * SQL that lists the objects of a database, each with a name and a definition: what a restore must bring back besides
 * rows. PostgreSQL's own functions write the definitions (documentation, "System Catalog Information Functions").
 * Objects that belong to an extension come with it and are not listed; neither are temporary ones.
 * @param serverVersion server_version_num
 */
export function catalogQueries(serverVersion: number): Record<string, string> {
  return { ...databaseQueries, ...publicationQueries(serverVersion), ...typeQueries, ...relationQueries };
}

const rowOf = `(select 'row(' || string_agg(format('t.%I', a.attname), ', ' order by a.attname) || ')'
  from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`;

/**
 * Tables that hold rows of their own; the largest first, so that parallel readers end together. Of an extension's tables
 * only those whose rows are dumped (pg_extension_config_dump). Not materialized views: pg_restore fills them anew, so that
 * a stale one rightly comes back with other rows. `row` is an expression for a row of t, the same whatever the order of
 * columns is; `condition` chooses the rows.
 */
export const tablesQuery = `
  select c.oid::regclass::text as name, coalesce(case when ${ownColumnOrder} then null else ${rowOf} end, '(t.*)') as row,
    coalesce(x.condition, '') as condition
  from pg_class c left join (select e.rel, e.condition from pg_extension, unnest(extconfig, extcondition) e (rel, condition)) x on x.rel = c.oid
  where c.relkind = 'r' and c.relpersistence <> 't' and ${userSchema("c.relnamespace")} and (x.rel is not null or ${notOfExtension("pg_class", "c.oid")})
  order by pg_table_size(c.oid) desc, 1`;

/** Sequences that are dumped; of an extension's only those that it says so of. */
export const sequencesQuery = `
  select c.oid::regclass::text as name, s.last_value::text as value, s.increment_by::text as increment, s.cycle, c.relpersistence = 'u' as unlogged
  from pg_sequences s join pg_namespace n on n.nspname = s.schemaname join pg_class c on c.relname = s.sequencename and c.relnamespace = n.oid
  where s.schemaname !~ '^pg_' and (${notOfExtension("pg_class", "c.oid")} or exists (select from pg_extension e where c.oid = any(e.extconfig))) order by 1`;

/**
 * Roles that the database needs: owners and grantees (pg_shdepend), and the roles that those are members of. Not those that
 * only own an extension, what belongs to one, or a multirange: a dump brings back no owner of these, so that is whoever restored it.
 */
export const rolesQuery = `
  with recursive db as (select oid from pg_database where datname = current_database()),
  needed as (
    select s.refobjid as oid from pg_shdepend s, db
    where s.refclassid = 'pg_authid'::regclass and (s.dbid = db.oid or (s.classid = 'pg_database'::regclass and s.objid = db.oid))
      and not (s.deptype = 'o' and s.dbid = db.oid and (s.classid = 'pg_extension'::regclass
        or exists (select from pg_depend d where d.classid = s.classid and d.objid = s.objid and d.deptype = 'e')
        or (s.classid = 'pg_type'::regclass and exists (select from pg_type t where t.typtype = 'm' and s.objid in (t.oid, t.typarray)))))
    union select datdba from pg_database where datname = current_database()
    union select s.setrole from pg_db_role_setting s, db where s.setdatabase = db.oid and s.setrole <> 0
    union select m.roleid from pg_auth_members m join needed n on m.member = n.oid)
  select r.rolname as name, r.rolsuper as super, r.rolinherit as inherit, r.rolcreaterole as "createRole", r.rolcreatedb as "createDb",
         r.rolcanlogin as login, r.rolreplication as replication, r.rolbypassrls as "bypassRls", r.rolconnlimit as "connectionLimit",
         to_char(nullif(r.rolvaliduntil, 'infinity') at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00') as "validUntil",
         coalesce(r.rolconfig, '{}') as settings,
         array(select distinct g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid order by 1) as "memberOf"
  from needed n join pg_roles r on r.oid = n.oid where r.rolname !~ '^pg_' order by 1`;

/** Settings of the database, and of roles in it, as (role or empty, "name=value"). */
export const settingsQuery = `
  select coalesce(nullif(s.setrole, 0)::regrole::text, '') as role, setting
  from pg_db_role_setting s, unnest(s.setconfig) setting
  where s.setdatabase = (select oid from pg_database where datname = current_database()) order by 1, 2`;
