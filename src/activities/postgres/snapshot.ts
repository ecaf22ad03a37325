import type { Client } from "./client.ts";

/** Begins a transaction that sees one moment only. @param exported the moment of another transaction, by its name */
export async function beginSnapshot(client: Client, exported?: string): Promise<void> {
  await client.query("begin isolation level repeatable read read only");
  if (exported !== undefined) await client.query(`set transaction snapshot '${exported}'`);
}

/** A table as the catalog describes it; `shape` changes with each ALTER, TRUNCATE and rewrite. */
interface TableShape {
  oid: number;
  name: string;
  shape: string;
}

/**
 * TRUNCATE, DROP and ALTER do not obey snapshots: who reads a table after them finds another content than who read it
 * before, in one and the same snapshot. Comparing shapes tells which tables that may concern.
 */
export async function readShapes(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(`
    select c.oid, c.oid::regclass::text as name, concat_ws(' ', c.xmin, c.relfilenode,
      (select string_agg(a.xmin::text, ' ' order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)) as shape
    from pg_class c where c.relkind = 'r' and c.relpersistence <> 't'`);
  return rows;
}

/** Names of tables that were altered, emptied or dropped between two looks. */
export function changedShapes(before: TableShape[], after: TableShape[]): string[] {
  const now = new Map(after.map(({ oid, shape }) => [oid, shape]));
  return before.filter(({ oid, shape }) => now.get(oid) !== shape).map(({ name }) => name);
}
