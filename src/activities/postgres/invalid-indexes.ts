import type { Client } from "./client.ts";
import { type Outcome, some } from "./compare.ts";

/**
 * Indexes that cannot be used, for instance after a failed `create index concurrently`. Those of partitioned tables are
 * only definitions: not valid means that a partition has no part of them.
 */
export async function readInvalidIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where c.relkind = 'i' and (not i.indisvalid or not i.indisready) order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** @param before what was invalid when the backup was made is no loss */
export async function checkIndexes(client: Client, before: string[] = []): Promise<Outcome> {
  const invalid = await readInvalidIndexes(client);
  const lost = invalid.filter((name) => !before.includes(name));
  const good = invalid.length === 0 ? "none" : `none but ${some(invalid)}, invalid before the backup`;
  return {
    result: lost.length === 0 ? "passed" : "failed",
    exact: true,
    expected: before.length === 0 ? "no invalid index" : "no other invalid index than before the backup",
    found: lost.length === 0 ? good : some(lost),
  };
}
