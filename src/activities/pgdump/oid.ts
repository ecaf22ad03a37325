import type { Client } from "../postgres/client.ts";

/** A database keeps its OID when it is renamed, and another one of the same name has another; undefined without one. */
export async function oidOf(client: Client, database: string): Promise<number | undefined> {
  // The driver reads an oid as a number; a cast to int would fail for the upper half of them.
  const { rows } = await client.query<{ oid: number }>("select oid from pg_database where datname = $1", [database]);
  return rows[0]?.oid;
}

export async function databaseExists(client: Client, database: string): Promise<boolean> {
  return (await oidOf(client, database)) !== undefined;
}
