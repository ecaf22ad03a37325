import { columns, grants, notOfExtension, ownObject, sorted, userSchema } from "./catalog-sql.ts";

/** Tables, views, sequences, and what hangs on them. */

const ours = `c.relpersistence <> 't' and ${userSchema("c.relnamespace")} and ${notOfExtension("pg_class", "c.oid")}`;
const tablespace = `(select spcname from pg_tablespace where oid = c.reltablespace)`;
const parents = `(select string_agg(h.inhparent::regclass::text, ',' order by h.inhseqno) from pg_inherits h where h.inhrelid = c.oid)`;

const relations = (kinds: string, definition: string) => `
  select c.oid::regclass::text as name, row(c.relkind, c.relpersistence, c.relowner::regrole, ${sorted("c.reloptions")},
         c.relrowsecurity, c.relforcerowsecurity, ${grants("c.relacl", "r", "c.relowner")}, ${columns}, ${definition})::text as definition
  from pg_class c where c.relkind in (${kinds}) and ${ours}`;

export const relationQueries: Record<string, string> = {
  table: relations(
    "'r', 'p', 'f'",
    `(select amname from pg_am where oid = c.relam), ${tablespace}, c.relreplident, nullif(c.reloftype, 0)::regtype,
     (select ${sorted("t.reloptions")} from pg_class t where t.oid = c.reltoastrelid), pg_get_partkeydef(c.oid),
     ${parents}, pg_get_expr(c.relpartbound, c.oid),
     (select row(s.srvname, ${sorted("t.ftoptions")}) from pg_foreign_table t join pg_foreign_server s on s.oid = t.ftserver where t.ftrelid = c.oid)`,
  ),
  view: relations(
    "'v', 'm'",
    `pg_get_viewdef(c.oid), c.relispopulated, (select amname from pg_am where oid = c.relam), ${tablespace}`,
  ),
  sequence: `select c.oid::regclass::text as name, row(c.relowner::regrole, c.relpersistence, ${grants("c.relacl", "s", "c.relowner")},
      format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
      (select row(d.refobjid::regclass, a.attname, d.deptype) from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
       where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))::text as definition
    from pg_class c join pg_sequence s on s.seqrelid = c.oid where ${ours}`,
  // An invalid index is not dumped. One of a partitioned table may rightly lack parts.
  index: `select c.oid::regclass::text as name, row(pg_get_indexdef(c.oid), i.indisvalid, i.indisclustered, i.indisreplident, ${tablespace}, ${parents},
      (select string_agg(concat(a.attnum, ' ', a.attstattarget), ',' order by a.attnum) from pg_attribute a where a.attrelid = c.oid and coalesce(a.attstattarget, -1) >= 0))::text as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid where (i.indisvalid or c.relkind = 'I') and c.relpersistence <> 't'
      and ${userSchema("c.relnamespace")} and ${notOfExtension("pg_class", "i.indrelid")}`,
  // A partition's part of a foreign key comes from the parent's, under a name of its own.
  constraint: `select coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text) || '.' || conname as name,
      row(pg_get_constraintdef(oid), convalidated)::text as definition
    from pg_constraint k where ${userSchema("connamespace")} and contype <> 't' and not (contype = 'f' and conparentid <> 0)
      and ${notOfExtension("pg_class", "k.conrelid")} and ${notOfExtension("pg_type", "k.contypid")}
      and not exists (select from pg_class c where c.oid = k.conrelid and c.relpersistence = 't')`,
  trigger: `select tgrelid::regclass::text || '.' || tgname as name, row(pg_get_triggerdef(oid), tgenabled)::text as definition
    from pg_trigger where not tgisinternal and ${notOfExtension("pg_class", "tgrelid")}
      and not exists (select from pg_class c where c.oid = tgrelid and c.relpersistence = 't')`,
  policy: `select format('%I.%I.%I', schemaname, tablename, policyname) as name, row(permissive, roles, cmd, qual, with_check)::text as definition from pg_policies`,
  rule: `select ev_class::regclass::text || '.' || rulename as name, row(pg_get_ruledef(r.oid), ev_enabled)::text as definition
    from pg_rewrite r join pg_class c on c.oid = r.ev_class where rulename <> '_RETURN' and ${ours}`,
  statistics: `select format('%s.%I', stxnamespace::regnamespace, stxname) as name,
      row(stxowner::regrole, pg_get_statisticsobjdef(oid), coalesce(stxstattarget, -1))::text as definition
    from pg_statistic_ext where ${userSchema("stxnamespace")} and ${ownObject("pg_statistic_ext", "pg_statistic_ext.oid")}`,
};
