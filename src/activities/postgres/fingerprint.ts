import { createHash } from "node:crypto";
import { catalogQueries, catalogVersion, rolesQuery, sequencesQuery, settingsQuery, tablesQuery } from "./catalog.ts";
import { type Client, queryFailure } from "./client.ts";
import { readInvalidIndexes } from "./invalid-indexes.ts";
import { type LargeObjects, readLargeObjects } from "./large-objects.ts";

export interface TableSum {
  name: string;
  rows: number;
  /** Sum of the hashes of all rows' text: the order of rows does not matter, one changed bit does. */
  checksum: string;
}

export interface SequenceValue {
  name: string;
  /** null when it was never used. */
  value: string | null;
  /** Where a sequence that was never used begins. */
  begins?: string;
  increment: string;
  cycle: boolean;
  /** After a crash it begins anew. */
  unlogged: boolean;
}

export interface Role {
  name: string;
  super: boolean;
  inherit: boolean;
  createRole: boolean;
  createDb: boolean;
  login: boolean;
  replication: boolean;
  bypassRls: boolean;
  connectionLimit: number;
  /** null: for ever. */
  validUntil: string | null;
  /** The role's own settings, "name=value"; see withoutValue. */
  settings: string[];
  memberOf: string[];
}

/** What a database held at one moment; a restore is compared with it. Large: it stays in a file, never in a history. */
export interface Fingerprint {
  database: string;
  serverVersion: number;
  /** See catalogVersion. */
  catalog: number;
  tables: TableSum[];
  /** "kind name" → md5 of the definition. */
  objects: Record<string, string>;
  /** Sequences do not obey snapshots: their values before and after the backup was read. */
  sequences: { before: SequenceValue[]; after: SequenceValue[] };
  roles: Role[];
  /** "name=value"; see withoutValue. */
  settings: { role: string; setting: string }[];
  largeObjects: LargeObjects;
  /** Indexes that were invalid already. */
  invalidIndexes: string[];
  /** Tables that were altered, emptied or dropped while they were dumped and read: nobody knows what the dump has of them. */
  altered?: string[];
}

type Part = Omit<Fingerprint, "sequences">;

/**
 * Reads everything but the sequences. Call it with connections that share one snapshot (or a database nobody writes to).
 * @param readers one connection each; tables are read in parallel by all of them
 * @param progress called after each table
 */
export async function takeFingerprint(
  readers: [Client, ...Client[]],
  progress: (done: number, of: number) => void = () => {},
): Promise<Part> {
  const [first] = readers;
  const { rows: about } = await first.query<{ database: string; serverVersion: number }>(
    `select current_database()::text as database, current_setting('server_version_num')::int as "serverVersion"`,
  );
  const objects = await readObjects(first);
  const invalidIndexes = await readInvalidIndexes(first);
  const roles = (await first.query<Role>(rolesQuery)).rows.map((role) => ({
    ...role,
    settings: role.settings.map(withoutValue),
  }));
  const { rows } = await first.query<{ role: string; setting: string }>(settingsQuery);
  const settings = rows.map(({ role, setting }) => ({ role, setting: withoutValue(setting) }));
  const largeObjects = await readLargeObjects(first);
  const tables = await sumTables(readers, progress);
  return { ...about[0]!, catalog: catalogVersion, tables, objects, roles, settings, largeObjects, invalidIndexes };
}

/** "name=value" with a checksum in place of the value, which may be a secret of the application. */
function withoutValue(setting: string): string {
  const name = setting.slice(0, setting.indexOf("="));
  return `${name}=sha256 ${createHash("sha256").update(setting).digest("hex").slice(0, 16)}`;
}

/** Row counts and checksums of all tables that hold rows, or only of those that are named. */
export async function sumTables(
  readers: [Client, ...Client[]],
  progress: (done: number, of: number) => void = () => {},
  only?: string[],
): Promise<TableSum[]> {
  const { rows: all } = await readers[0].query<Table>(tablesQuery);
  const names = all.filter(({ name }) => only === undefined || only.includes(name));
  const queue = [...names];
  const sums: TableSum[] = [];
  await Promise.all(
    readers.map(async (client) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        sums.push(await sumTable(client, next));
        progress(sums.length, names.length);
      }
    }),
  );
  return sums.sort((a, b) => a.name.localeCompare(b.name, "en"));
}

interface Table {
  name: string;
  row: string;
  condition: string;
}

async function sumTable(client: Client, { name, row, condition }: Table): Promise<TableSum> {
  // The condition of an extension's table may name the table itself.
  const source = condition === "" ? `only ${name}` : `(select * from only ${name} ${condition})`;
  try {
    // The name comes from regclass::text and is quoted where it needs to be. hashtextextended is the same on every
    // server since PostgreSQL 11; count(*) alone can be right on a damaged table (index-only scan).
    const { rows } = await client.query<{ rows: string; checksum: string }>(
      `select count(*)::text as rows, coalesce(sum(hashtextextended(${row}::text, 0)::numeric), 0)::text as checksum from ${source} t`,
    );
    return { name, rows: Number(rows[0]!.rows), checksum: rows[0]!.checksum };
  } catch (error) {
    throw queryFailure(error, `table ${name}`);
  }
}

/** "kind name" → md5 of the definition, of all objects of a database. */
export async function readObjects(client: Client): Promise<Record<string, string>> {
  const objects: Record<string, string> = {};
  const { rows: about } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  for (const [kind, query] of Object.entries(catalogQueries(about[0]!.version))) {
    const { rows } = await client.query<{ name: string; md5: string }>(
      `select name, md5(coalesce(definition, '')) as md5 from (${query}) object order by 1`,
    );
    for (const { name, md5 } of rows) objects[`${kind} ${name}`] = md5;
  }
  return objects;
}

export async function readSequences(client: Client): Promise<SequenceValue[]> {
  const { rows } = await client.query<SequenceValue>(sequencesQuery);
  const begins = await readBegins(
    client,
    rows.filter(({ value }) => value === null).map(({ name }) => name),
  );
  return rows.map((row) => (begins.has(row.name) ? { ...row, begins: begins.get(row.name)! } : row));
}

/** pg_sequences does not tell where a sequence begins that was set but never used: `setval(…, false)`. */
async function readBegins(client: Client, names: string[]): Promise<Map<string, string>> {
  const begins = new Map<string, string>();
  for (let from = 0; from < names.length; from += 200) {
    const part = names.slice(from, from + 200);
    const { rows } = await client.query<{ n: number; begins: string }>(
      part.map((name, n) => `select ${n} as n, last_value::text as begins from ${name}`).join(" union all "),
    );
    for (const row of rows) begins.set(part[row.n]!, row.begins);
  }
  return begins;
}

/** One line for people: "8 tables, 1,250,000 rows, 143 objects". */
export function describeFingerprint(fingerprint: Part): string {
  const rows = fingerprint.tables.reduce((sum, table) => sum + table.rows, 0);
  const number = (n: number) => n.toLocaleString("en");
  return `${number(fingerprint.tables.length)} tables, ${number(rows)} rows, ${number(Object.keys(fingerprint.objects).length)} objects`;
}
