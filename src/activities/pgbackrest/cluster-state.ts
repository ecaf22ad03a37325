import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import { type Client, connect, withClient } from "../postgres/client.ts";
import {
  describeFingerprint,
  type Fingerprint,
  readObjects,
  readSequences,
  type SequenceValue,
  takeFingerprint,
} from "../postgres/fingerprint.ts";
import { isoOf } from "../postgres/server.ts";
import { readJson, writeAtomically } from "../files.ts";
import type { StepContext } from "../step.ts";
import type { Settled } from "./settle.ts";

/**
 * What was written to a table, as far as the statistics know, and the file that holds it (TRUNCATE makes a new one):
 * "rows inserted, updated, deleted, file".
 */
type Written = string;

export interface DatabaseState {
  name: string;
  fingerprint: Fingerprint;
  /** The snapshot of the fingerprint, as PostgreSQL writes it: "xmin:xmax:in progress". */
  snapshot: string;
  written: Record<string, Written>;
}

/** All databases of a cluster right before a backup. */
export interface ClusterState {
  takenAt: string;
  databases: DatabaseState[];
}

/** The little that can be read right before a cluster is lost. `settled` is missing in what an older worker wrote. */
export interface ClusterAtLoss {
  settled?: Settled;
  databases: {
    name: string;
    written: Record<string, Written>;
    sequences: SequenceValue[];
    objects: Record<string, string>;
  }[];
}

export async function listDatabases(connection: Connection, database: string): Promise<string[]> {
  return await withClient(connection, database, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "select datname as name from pg_database where datallowconn and not datistemplate order by 1",
    );
    return rows.map(({ name }) => name);
  });
}

const writtenQuery = `
  select c.oid::regclass::text as name, c.relpersistence = 'u' as unlogged, concat_ws(' ', pg_stat_get_tuples_inserted(c.oid),
         pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid), pg_relation_filenode(c.oid)) as written
  from pg_class c where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relnamespace::regnamespace::text !~ '^pg_|^information_schema$'
  union all select 'pg_largeobject', false, concat_ws(' ', pg_stat_get_tuples_inserted('pg_largeobject'::regclass),
         pg_stat_get_tuples_updated('pg_largeobject'::regclass), pg_stat_get_tuples_deleted('pg_largeobject'::regclass))`;

async function readWritten(client: Client): Promise<{ written: Record<string, Written>; unlogged: Set<string> }> {
  const { rows } = await client.query<{ name: string; unlogged: boolean; written: Written }>(writtenQuery);
  return {
    written: Object.fromEntries(rows.map(({ name, written }) => [name, written])),
    unlogged: new Set(rows.filter(({ unlogged }) => unlogged).map(({ name }) => name)),
  };
}

/** Takes the fingerprint of every database, each of one snapshot, and writes them to a file. Read it before the backup. */
export async function takeClusterState(
  { connection, database }: PgBackRestComponent,
  path: string,
  context: StepContext,
): Promise<void> {
  const databases: DatabaseState[] = [];
  for (const name of await listDatabases(connection, database)) {
    databases.push(
      await takeDatabaseState(connection, name, (done, of) =>
        context.progress(`checksums of ${name}: ${done} of ${of} tables`),
      ),
    );
    context.signal.throwIfAborted();
  }
  const takenAt = await withClient(
    connection,
    database,
    async (client) => (await client.query<{ at: string }>(`select ${isoOf("clock_timestamp()")} as at`)).rows[0]!.at,
  );
  await writeAtomically(path, JSON.stringify({ takenAt, databases } satisfies ClusterState));
}

async function takeDatabaseState(
  connection: Connection,
  database: string,
  progress: (done: number, of: number) => void,
): Promise<DatabaseState> {
  return await withClient(connection, database, async (holder) => {
    // Before the snapshot: what is written between the two counts as written after the backup.
    const { written, unlogged } = await readWritten(holder);
    await holder.query("begin isolation level repeatable read read only");
    const { rows } = await holder.query<{ id: string; snapshot: string }>(
      "select pg_export_snapshot() as id, pg_current_snapshot()::text as snapshot",
    );
    const { id, snapshot } = rows[0]!;
    const before = await readSequences(holder);
    const readers = await Promise.all([0, 1].map(async () => await connect(connection, database)));
    try {
      for (const reader of readers)
        await reader.query(`begin isolation level repeatable read read only; set transaction snapshot '${id}'`);
      const taken = await takeFingerprint(readers as [Client, Client], progress);
      // A physical copy brings unlogged tables back empty.
      const tables = taken.tables.map((table) =>
        unlogged.has(table.name) ? { ...table, rows: 0, checksum: "0" } : table,
      );
      return { name: database, fingerprint: { ...taken, tables, sequences: { before, after: [] } }, snapshot, written };
    } finally {
      await Promise.all(readers.map(async (reader) => await reader.end()));
    }
  });
}

export async function readAtLoss(
  { connection, database }: PgBackRestComponent,
  settled: Settled,
): Promise<ClusterAtLoss> {
  const databases: ClusterAtLoss["databases"] = [];
  for (const name of await listDatabases(connection, database)) {
    await withClient(connection, name, async (client) => {
      const { written } = await readWritten(client);
      databases.push({ name, written, sequences: await readSequences(client), objects: await readObjects(client) });
    });
  }
  return { settled, databases };
}

/** The state that a backup must contain; undefined where nobody kept it. */
export async function readClusterState(path: string): Promise<ClusterState | undefined> {
  return path === "" ? undefined : await readJson<ClusterState>(path);
}

export function describeState({ databases }: ClusterState): string {
  return databases.map(({ name, fingerprint }) => `${name}: ${describeFingerprint(fingerprint)}`).join("; ");
}

/** What a run knew of a backup, kept beyond the run so that a later restore can compare with it. */
export interface CatalogEntry {
  label: string;
  sentinel: { run: string; sha256: string } | null;
  state: ClusterState;
}

/** Two stanzas, or two repositories, may hold backups of one cluster: labels are told apart by where they are. */
export function catalogDirectory(
  { stanza, config }: PgBackRestComponent,
  context: StepContext,
  systemIdentifier: string,
): string {
  const where = createHash("sha256").update(`${stanza}\0${config}`).digest("hex").slice(0, 8);
  return join(context.config.state, "catalog", systemIdentifier, where);
}

export function catalogFile(
  component: PgBackRestComponent,
  context: StepContext,
  systemIdentifier: string,
  label: string,
): string {
  return join(catalogDirectory(component, context, systemIdentifier), `${label}.json`);
}
