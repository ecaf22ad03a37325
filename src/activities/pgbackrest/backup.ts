import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import { writeAtomically } from "../files.ts";
import type { LongEnd } from "../jobs/run-job.ts";
import { withClient } from "../postgres/client.ts";
import { findSentinel, sha256 } from "../postgres/sentinel.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Backup } from "../verbs.ts";
import { backrestLong, backrestLongFailure, wordsOf } from "./client.ts";
import {
  type CatalogEntry,
  catalogFile,
  type ClusterState,
  describeState,
  readClusterState,
  takeClusterState,
} from "./cluster-state.ts";
import { type BackupInfo, readInfo, runAnnotation, toRecord } from "./info.ts";
import { recall, remember } from "./memory.ts";

/** How long another pgBackRest may hold the lock: the workers of one that was killed live on for about 35 s. */
const lockMs = 120_000;
const archiveMs = 120_000;

/**
 * Backs the cluster up, once a run: fingerprints of all databases, the backup, and a restore point behind it whose WAL is
 * in the archive when this returns. A backup that an earlier attempt finished is found by its annotation.
 */
export async function backupPgBackRest(
  { component }: { component: PgBackRestComponent },
  context: StepContext,
): Promise<Backup> {
  const stateFile = join(context.directory, `fingerprint.${component.name}.json`);
  const backup = (await backupOfRun(component, context)) ?? (await makeBackup(component, stateFile, context));
  const state = await readClusterState(stateFile);
  if (state === undefined)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      `${stateFile} is gone: nobody knows what ${backup.label} must contain`,
      "Abort, and start a new run.",
    );
  const archived = await archiveRestorePoint(component, backup.label, context);
  await keepInCatalog(component, backup, state, context);
  const record = toRecord(component, backup);
  return {
    ...record,
    fingerprint: stateFile,
    note: `${backup.type} backup ${backup.label}, ${prettyBytes(record.bytes, { binary: true })}; ${describeState(state)}; WAL archived up to ${archived}`,
  };
}

async function makeBackup(
  component: PgBackRestComponent,
  stateFile: string,
  context: StepContext,
): Promise<BackupInfo> {
  const prepare = async () => {
    await waitForLock(component, context);
    await takeClusterState(component, stateFile, context);
  };
  const args = [`--type=${component.backup}`, "--no-expire-auto", `--annotation=${runAnnotation}=${context.run.id}`];
  const started = Date.now();
  let end: LongEnd;
  for (let start = 1; ; start += 1) {
    end = await backrestLong(component, context, { command: "backup", name: `backup-${start}`, args, prepare });
    if (end.exitCode === 0) break;
    // Another one may have taken the lock between our look and the start.
    if (end.exitCode !== 50 || Date.now() - started > lockMs) throw await backrestLongFailure("backup", end);
  }
  const backup = await backupOfRun(component, context);
  if (backup === undefined)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      `pgbackrest backup ended with exit code 0, but the repository has no backup of run ${context.run.id}: ${(await wordsOf(end)) || "it said nothing"}`,
      `Its whole output is in ${end.stderr} on the worker's host.`,
    );
  return backup;
}

/** The backup that carries this run's annotation. Newer versions show annotations only when asked for one backup. */
async function backupOfRun(component: PgBackRestComponent, context: StepContext): Promise<BackupInfo | undefined> {
  const earliest = Math.floor(Date.parse(context.run.startedAt) / 1000) - 60;
  const { backup } = await readInfo(component);
  for (const { label, timestamp } of backup.toReversed()) {
    if (timestamp.stop < earliest) return undefined;
    const one = (await readInfo(component, label)).backup.find((found) => found.label === label);
    if (one?.annotation?.[runAnnotation] === context.run.id) return one;
  }
  return undefined;
}

async function waitForLock(component: PgBackRestComponent, context: StepContext): Promise<void> {
  for (const until = Date.now() + lockMs; Date.now() < until; await sleep(1_000)) {
    context.signal.throwIfAborted();
    if ((await readInfo(component)).status.lock?.backup.held !== true) return;
    context.progress("waiting for another pgBackRest to end");
  }
  throw fail(
    "TIMED_OUT",
    `another pgBackRest holds the lock of stanza ${component.stanza}`,
    "Let its backup end; then retry.",
  );
}

/**
 * Marks the moment after the backup and waits until the WAL with it is in the repository.
 * @returns name of that WAL segment
 * @throws TIMED_OUT with what archive_command failed with last
 */
async function archiveRestorePoint(
  component: PgBackRestComponent,
  label: string,
  context: StepContext,
): Promise<string> {
  const { connection, database } = component;
  const known = await recall(context, component, "backup");
  if (known?.label === label) return known.archivedSegment;
  return await withClient(connection, database, async (client) => {
    // Read before the switch: a heartbeat that was committed by now must be in what gets archived.
    const heartbeat = (await findSentinel(client, context.run.id)).last;
    const { rows } = await client.query<{ segment: string }>(
      "select pg_walfile_name(pg_create_restore_point($1)) as segment",
      [`firedrill_${context.run.short}`],
    );
    const { segment } = rows[0]!;
    await client.query("select pg_switch_wal()");
    for (const until = Date.now() + archiveMs; ; await sleep(200)) {
      context.signal.throwIfAborted();
      const { rows: archiver } = await client.query<{ last: string | null; failed: string | null }>(
        "select last_archived_wal as last, case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failed from pg_stat_archiver",
      );
      const { last, failed } = archiver[0]!;
      // Names sort by timeline and position; history and backup files have the name of a segment in front.
      if (last !== null && last.slice(0, 24) >= segment) break;
      context.progress(`waiting until ${segment} is archived`);
      if (Date.now() > until) {
        throw fail(
          "TIMED_OUT",
          `${segment} is not archived after ${archiveMs / 1000} s${failed === null ? "" : `: archive_command fails for ${failed}`}`,
          "Read archive_command's error in the server's log; then retry.",
        );
      }
    }
    await remember(context, component, "backup", { label, archivedSegment: segment, heartbeat });
    return segment;
  });
}

async function keepInCatalog(
  component: PgBackRestComponent,
  { label }: BackupInfo,
  state: ClusterState,
  context: StepContext,
): Promise<void> {
  const { systemIdentifier } = await withClient(component.connection, component.database, inspectServer);
  const sentinel = context.run.type === "exercise" ? { run: context.run.id, sha256: sha256(context.run.nonce) } : null;
  const entry: CatalogEntry = { label, sentinel, state };
  await writeAtomically(catalogFile(component, context, systemIdentifier, label), JSON.stringify(entry));
}
