/** Pieces of SQL that the queries of the catalog share. */

export const userSchema = (oid: string) => `${oid}::regnamespace::text !~ '^(pg_|information_schema$)'`;

export const notOfExtension = (catalog: string, oid: string) =>
  `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`;

/** What `create …` made, and no extension or initdb (FirstNormalObjectId is 16384). */
export const ownObject = (catalog: string, oid: string) => `${oid} >= 16384 and ${notOfExtension(catalog, oid)}`;

/** An array in a fixed order: a restore may say the same in another one. */
export const sorted = (array: string) =>
  `(select string_agg(item::text, ',' order by item::text) from unnest(${array}) item)`;

/** Grants in a fixed order, defaults written out. @param type as acldefault() takes it */
export const grants = (acl: string, type: string, owner: string) =>
  sorted(`coalesce(${acl}, acldefault('${type}', ${owner}))`);

/** A child of plain inheritance gets its columns in another order from pg_dump: its parents' first. */
export const ownColumnOrder = `(c.relispartition or not exists (select from pg_inherits h where h.inhrelid = c.oid))`;

/** Without what newer servers note there for themselves and pg_dump leaves out as well. */
const options = `(select string_agg(item, ',' order by item) from unnest(a.attoptions) item where item !~ '^pg_')`;

/** All columns of the relation or composite type c, each with what pg_dump keeps of it. */
export const columns = `(select string_agg(row(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    a.attcollation::regcollation, pg_get_expr(f.adbin, f.adrelid), ${sorted("a.attacl")}, a.attstorage, a.attcompression,
    coalesce(a.attstattarget, -1), ${options}, ${sorted("a.attfdwoptions")})::text, ','
    order by case when ${ownColumnOrder} then a.attnum end, a.attname)
  from pg_attribute a left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`;
