import { grants } from "./catalog-sql.ts";
import type { Client } from "./client.ts";

export interface LargeObjects {
  count: number;
  /** Of the content; null when the user may not read pg_largeobject. */
  checksum: string | null;
  /** Checksum of owners and grants. */
  owners: string;
}

export async function readLargeObjects(client: Client): Promise<LargeObjects> {
  const { rows } = await client.query<Omit<LargeObjects, "checksum"> & { readable: boolean }>(
    `select count(*)::int as count, has_table_privilege('pg_catalog.pg_largeobject', 'select') as readable,
       coalesce(sum(hashtextextended(concat_ws(' ', oid, lomowner::regrole, ${grants("lomacl", "L", "lomowner")}), 0)::numeric), 0)::text as owners
     from pg_largeobject_metadata`,
  );
  const { readable, ...about } = rows[0]!;
  if (!readable) return { ...about, checksum: null };
  const { rows: sums } = await client.query<{ checksum: string }>(
    "select coalesce(sum(hashtextextended(concat_ws(' ', loid, pageno, encode(data, 'hex')), 0)::numeric), 0)::text as checksum from pg_largeobject",
  );
  return { ...about, checksum: sums[0]!.checksum };
}
