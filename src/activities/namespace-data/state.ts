import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { newestBackup } from "../pgdump/choose.ts";
import { oidOf } from "../pgdump/oid.ts";
import { type Manifest, readManifest } from "../pgdump/sets.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import { findSentinel, isRemoved, sha256 } from "../postgres/sentinel.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Backup } from "../verbs.ts";

/** What a restore would take, and so what the data is compared with: undefined for a plain dump, which says nothing of its server. */
export async function dumpOf(
  component: PgDumpComponent,
  backup: Backup | null,
  toTime: string | null,
  { run }: StepContext,
): Promise<Manifest | undefined> {
  if (backup !== null) return await readManifest(component, backup.id);
  const newest = await newestBackup(component, toTime, run.plan);
  return newest.kind === "set" ? newest.manifest : undefined;
}

/**
 * Whether the very database that was dumped is there, in the very server: it came back with its volume, and has what was written
 * since. In any other server the database is what somebody has made anew.
 * @throws TARGET_EXISTS where nobody can tell
 */
export async function stateOfData(
  component: PgDumpComponent,
  dump: Manifest | undefined,
  { run }: StepContext,
): Promise<"kept" | "lost"> {
  const { connection, database, maintenanceDatabase } = component;
  const place = describePlace(connection, database);
  const { systemIdentifier, oid } = await withClient(connection, maintenanceDatabase, async (client) => ({
    systemIdentifier: (await inspectServer(client)).systemIdentifier,
    oid: await oidOf(client, database),
  }));
  if (oid === undefined) return "lost";
  if (dump === undefined) return await requireEmpty(component);
  if (systemIdentifier !== dump.systemIdentifier) return "lost";
  if (oid !== dump.oid)
    throw fail(
      "TARGET_EXISTS",
      `the server of ${place} was not lost, and somebody has made the database anew (OID ${oid}, not ${dump.oid})`,
      renameHint,
    );
  if (run.type === "exercise" && !(await hasSentinel(component, run)))
    throw fail("TARGET_EXISTS", `${place} came back with its volume, but as it was before this run`, renameHint);
  return "kept";
}

const renameHint = "Look at it. Rename it if the backup is what you want (alter database … rename), then retry.";

async function hasSentinel({ connection, database }: PgDumpComponent, run: StepContext["run"]): Promise<boolean> {
  const { nonceSha256 } = await withClient(connection, database, (client) => findSentinel(client, run.id));
  return nonceSha256 === sha256(run.nonce) || isRemoved(run, nonceSha256);
}

/** @throws TARGET_EXISTS */
async function requireEmpty({ connection, database }: PgDumpComponent): Promise<"lost"> {
  const { rows } = await withClient(connection, database, (client) =>
    client.query<{ tables: number }>(
      `select count(*)::int as tables from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
    ),
  );
  if (rows[0]!.tables === 0) return "lost";
  throw fail(
    "TARGET_EXISTS",
    `${describePlace(connection, database)} has ${rows[0]!.tables} tables, and a plain dump does not say whether they are of the server that was lost`,
    renameHint,
  );
}
