import { grants, notOfExtension, ownObject, userSchema } from "./catalog-sql.ts";

/** Schemas, extensions, publications, comments, and the database itself. */

const database = (name: string, definition: string) =>
  `select '${name}' as name, (${definition})::text as definition from pg_database d where d.datname = current_database()`;

/** Grants to others than the owner, whoever gave them: a restore makes extensions, and grants, as another user. */
const toOthers = (
  acl: string,
) => `(select string_agg(concat_ws(' ', case x.grantee when 0 then 'public' else x.grantee::regrole::text end, x.privilege_type, x.is_grantable), ','
  order by x.grantee::regrole::text, x.privilege_type) from aclexplode(coalesce(${acl}, acldefault(o.type, o.owner))) x where x.grantee <> o.owner)`;

/** Objects of extensions and of PostgreSQL itself: pg_dump brings back only grants that were changed since they were made. */
const changedGrants = `
  select concat_ws(' ', i.type, i.identity) as name, ${toOthers("o.acl")} as definition
  from (select 'pg_class'::regclass as class, oid, 0 as sub, relacl as acl, relnamespace as schema, relowner as owner, (case relkind when 'S' then 's' else 'r' end)::"char" as type from pg_class
    union all select 'pg_class'::regclass, c.oid, a.attnum, a.attacl, c.relnamespace, c.relowner, 'c' from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attacl is not null
    union all select 'pg_proc'::regclass, oid, 0, proacl, pronamespace, proowner, 'f' from pg_proc
    union all select 'pg_type'::regclass, oid, 0, typacl, typnamespace, typowner, 'T' from pg_type
    union all select 'pg_language'::regclass, oid, 0, lanacl, 'pg_catalog'::regnamespace, lanowner, 'l' from pg_language
    union all select 'pg_namespace'::regclass, oid, 0, nspacl, oid, nspowner, 'n' from pg_namespace
    union all select 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwacl, 0, fdwowner, 'F' from pg_foreign_data_wrapper
    union all select 'pg_foreign_server'::regclass, oid, 0, srvacl, 0, srvowner, 'S' from pg_foreign_server) o
  left join pg_init_privs p on p.classoid = o.class and p.objoid = o.oid and p.objsubid = o.sub, pg_identify_object(o.class, o.oid, o.sub) i
  where (o.acl is not null or p.initprivs is not null)
    and ((o.oid < 16384 and o.schema = 'pg_catalog'::regnamespace) or exists (select from pg_depend d where d.classid = o.class and d.objid = o.oid and d.deptype = 'e'))
    and ${toOthers("o.acl")} is distinct from ${toOthers("p.initprivs")}`;

/** Of objects x that are dumped; an extension's own come with it. Subscriptions are not brought back. */
const dumped = `(x.objoid >= 16384 or x.classoid = 'pg_largeobject'::regclass or (x.classoid = 'pg_namespace'::regclass and x.objoid = to_regnamespace('public')))
  and x.classoid <> 'pg_subscription'::regclass
  and not exists (select from pg_depend d where d.classid = x.classoid and d.objid = x.objoid and d.deptype = 'e')
  and not exists (select from pg_index n where n.indexrelid = x.objoid and x.classoid = 'pg_class'::regclass and not n.indisvalid)
  and i.identity !~ '\\mpg_temp'`;

export const databaseQueries: Record<string, string> = {
  schema: `select nspname as name, row(nspowner::regrole, ${grants("nspacl", "n", "nspowner")})::text as definition
    from pg_namespace where ${userSchema("oid")} and ${notOfExtension("pg_namespace", "pg_namespace.oid")}`,
  // Not the version: a dump does not hold it, and the server installs the one it has.
  extension: `select extname as name, extnamespace::regnamespace::text as definition from pg_extension`,
  "dependency on an extension": `select concat_ws(' ', i.type, i.identity) as name, string_agg(e.extname, ',' order by e.extname) as definition
    from pg_depend d join pg_extension e on e.oid = d.refobjid, pg_identify_object(d.classid, d.objid, d.objsubid) i where d.deptype = 'x' group by 1`,
  publication: `select pubname as name, row(pubowner::regrole, to_jsonb(p) - '{oid,pubname,pubowner}'::text[])::text as definition
    from pg_publication p where ${ownObject("pg_publication", "p.oid")}`,
  "event trigger": `select evtname as name, row(evtevent, evtowner::regrole, evtfoid::regprocedure, evtenabled, evttags)::text as definition
    from pg_event_trigger e where ${notOfExtension("pg_event_trigger", "e.oid")}`,
  "default grant": `select concat_ws('.', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype) as name,
      (select string_agg(item::text, ',' order by item::text) from unnest(defaclacl) item) as definition from pg_default_acl`,
  "changed grant": changedGrants,
  comment: `select concat_ws(' ', i.type, i.identity) as name, x.description as definition
    from pg_description x, pg_identify_object(x.classoid, x.objoid, x.objsubid) i where ${dumped}`,
  "security label": `select concat_ws(' ', i.type, i.identity, 'by', x.provider) as name, x.label as definition
    from pg_seclabel x, pg_identify_object(x.classoid, x.objoid, x.objsubid) i where ${dumped}`,
  database: [
    database("owner", "d.datdba::regrole"),
    database("encoding", "pg_encoding_to_char(d.encoding)"),
    database(
      "locale",
      `jsonb_build_array(d.datcollate, d.datctype, to_jsonb(d) -> 'datlocprovider', coalesce(to_jsonb(d) -> 'datlocale', to_jsonb(d) -> 'daticulocale'), to_jsonb(d) -> 'daticurules')`,
    ),
    database("connection limit", "d.datconnlimit"),
    database("comment", "shobj_description(d.oid, 'pg_database')"),
    database(
      "grants",
      `select string_agg(concat_ws(' ', case x.grantee when 0 then 'public' else x.grantee::regrole::text end, x.privilege_type, x.is_grantable), ',' order by x.grantee::regrole::text, x.privilege_type)
       from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x`,
    ),
    database(
      "security labels",
      `select string_agg(concat_ws(' ', l.provider, l.label), ',' order by l.provider) from pg_shseclabel l where l.classoid = 'pg_database'::regclass and l.objoid = d.oid`,
    ),
  ].join(" union all "),
};

/** Tables and schemas of publications; filters, lists of columns and schemas are there since PostgreSQL 15. */
export function publicationQueries(serverVersion: number): Record<string, string> {
  const member = "format('%s by %I', r.prrelid::regclass, p.pubname) as name";
  const from = "from pg_publication_rel r join pg_publication p on p.oid = r.prpubid";
  if (serverVersion < 150_000) return { "publication of table": `select ${member}, null as definition ${from}` };
  return {
    "publication of table": `select ${member}, row(pg_get_expr(r.prqual, r.prrelid), (select string_agg(a.attname, ',' order by a.attname)
      from pg_attribute a where a.attrelid = r.prrelid and a.attnum = any(r.prattrs::int2[])))::text as definition ${from}`,
    "publication of schema": `select format('%s by %I', r.pnnspid::regnamespace, p.pubname) as name, null as definition
      from pg_publication_namespace r join pg_publication p on p.oid = r.pnpubid`,
  };
}
