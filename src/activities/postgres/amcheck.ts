import type { Client } from "./client.ts";
import { type Outcome, some } from "./compare.ts";

const expected = "heap and B-tree pages are sound";

/** amcheck in a transaction that is rolled back, so that the extension does not stay. Documentation: PostgreSQL, "amcheck". */
export async function amcheck(client: Client): Promise<Outcome> {
  await client.query("begin");
  try {
    // An event trigger of the database's owner may forbid `create extension`, or write it down.
    await client.query(
      "select set_config('session_replication_role', 'replica', true) from pg_roles where rolname = current_user and rolsuper",
    );
    await client.query("create extension if not exists amcheck");
    const { rows: schemas } = await client.query<{ schema: string }>(
      "select extnamespace::regnamespace::text as schema from pg_extension where extname = 'amcheck'",
    );
    const schema = schemas[0]!.schema;
    const { rows: heap } = await client.query<{ problem: string }>(`
      select c.oid::regclass::text || ': ' || v.msg as problem from pg_class c join pg_am a on a.oid = c.relam and a.amname = 'heap', ${schema}.verify_heapam(c.oid) v
      where c.relkind in ('r', 'm', 't') and c.relpersistence = 'p' limit 20`);
    if (heap.length > 0)
      return { result: "failed", exact: true, expected, found: some(heap.map((row) => row.problem)) };
    return await indexes(client, schema);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // 0A000, 58P01: not installed; 42501: the user may not. Whatever else amcheck raises is what it found.
    const unable = code === "0A000" || code === "58P01" || code === "42501";
    if (!unable && code === undefined) throw error;
    return {
      result: unable ? "unable" : "failed",
      exact: true,
      expected,
      found: unable ? `amcheck is not available: ${message}` : message,
    };
  } finally {
    await client.query("rollback");
  }
}

async function indexes(client: Client, schema: string): Promise<Outcome> {
  await client.query("savepoint indexes");
  try {
    const n = await checkIndexes(client, schema, true);
    return { result: "passed", exact: true, expected, found: `all tables and ${n} B-tree indexes are sound` };
  } catch (error) {
    // An expression of an index may need names that are only found along the application's search_path.
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("42") !== true || code === "42501") throw error;
    await client.query("rollback to savepoint indexes");
    const n = await checkIndexes(client, schema, false);
    const found = `all tables and ${n} B-tree indexes are sound; not compared with each other: ${message}`;
    return { result: "passed", exact: false, expected, found };
  }
}

/** @param withHeap also whether every row is in its index */
async function checkIndexes(client: Client, schema: string, withHeap: boolean): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`
    select count(*)::int as n from (select ${schema}.bt_index_check(i.indexrelid, ${withHeap}) from pg_index i
    join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
    where a.amname = 'btree' and c.relkind = 'i' and c.relpersistence = 'p' and i.indisready and i.indisvalid offset 0) checked`);
  return rows[0]!.n;
}
