import { join } from "node:path";
import { describeFailure, fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { readJson } from "../files.ts";
import { longFailure, runLong, tail } from "../jobs/run-job.ts";
import { noteLeftover } from "../leftovers.ts";
import { identifier, libpqEnvironment, noLimits, withClient } from "../postgres/client.ts";
import { inspectServer } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Restored, RunRef } from "../verbs.ts";
import { allBackups, newestBackup, type Source } from "./choose.ts";
import { checkPlain } from "./plain.ts";
import { nameWith } from "./scratch-name.ts";
import { programs } from "./programs.ts";
import { restorePlain } from "./restore-plain.ts";
import { restoreSettings } from "./restore-settings.ts";
import {
  applyProperties,
  applySettings,
  createDatabase,
  createMissingRoles,
  type Properties,
  type StoredRole,
} from "./properties.ts";
import {
  checkFiles,
  dataPath,
  type Manifest,
  readAbout,
  readManifest,
  rolesFile,
  setDirectory,
  toBackup,
} from "./sets.ts";

/** `<name>_firedrill_<run>`, within PostgreSQL's 63 bytes. */
export function scratchName(component: PgDumpComponent, run: RunRef): string {
  return nameWith(component.database, `_firedrill_${run.short}`);
}

interface Input {
  component: PgDumpComponent;
  backup: Backup | null;
  toTime: string | null;
}

/** Restores into a scratch database beside the lost one; `place` renames it once it is verified. */
export async function restorePgDump({ component, backup, toTime }: Input, context: StepContext): Promise<Restored> {
  const scratch = scratchName(component, context.run);
  const { source, skipped } = await chooseSource(component, backup, toTime, context);
  const leftover = {
    kind: "database",
    connection: component.connection,
    maintenanceDatabase: component.maintenanceDatabase,
    database: scratch,
  } as const;
  await noteLeftover(context.directory, `scratch.${component.name}`, leftover);
  const record =
    source.kind === "set"
      ? await restoreSet(component, source.manifest, scratch, context)
      : await restorePlain(component, source, scratch, context);
  if (context.run.scenario !== "none") {
    await noteLeftover(context.directory, `scratch.${component.name}`, {
      ...leftover,
      keep: `it holds the restored data of the lost ${component.database}: rename it, or drop it`,
    });
  }
  return { place: scratch, backup: record, waits: [], note: `restored ${record.id} into ${scratch}${skipped}` };
}

/** The backup of this run; for a real loss the newest one whose files are what they were. */
async function chooseSource(
  component: PgDumpComponent,
  backup: Backup | null,
  toTime: string | null,
  context: StepContext,
): Promise<{ source: Source; skipped: string }> {
  if (backup !== null) {
    const manifest = await readManifest(component, backup.id);
    if (manifest.sha256 !== backup.sha256) {
      throw fail("BACKUP_NOT_VERIFIED", `${backup.location} is not the dump that this run made and verified`);
    }
    await checkFiles(component, manifest, context);
    return { source: { kind: "set", id: manifest.id, takenAt: manifest.takenAt, manifest }, skipped: "" };
  }
  const newest = await newestBackup(component, toTime, context.run.plan);
  const rejected: string[] = [];
  for (const source of (await allBackups(component, context.run.plan)).filter(
    ({ takenAt }) => takenAt <= newest.takenAt,
  )) {
    try {
      if (source.kind === "set") await checkFiles(component, source.manifest, context);
      else await checkPlain(source.path);
      return { source, skipped: rejected.length === 0 ? "" : `; skipped ${rejected.join("; ")}` };
    } catch (error) {
      const { type, message } = describeFailure(error);
      if (type !== "BACKUP_NOT_VERIFIED") throw error;
      rejected.push(message);
    }
  }
  throw fail("NO_BACKUP", `no backup of ${component.database} is whole: ${rejected.join("; ")}`);
}

async function restoreSet(
  component: PgDumpComponent,
  manifest: Manifest,
  scratch: string,
  context: StepContext,
): Promise<BackupRecord> {
  const { connection, maintenanceDatabase } = component;
  const directory = setDirectory(component, manifest.id);
  const { versionNumber } = await withClient(connection, maintenanceDatabase, inspectServer);
  const { pgRestore } = await programs(Math.max(versionNumber, manifest.serverVersion));
  const roles = (await readJson<StoredRole[]>(join(directory, rolesFile))) ?? [];
  // From the files that the checksum covers, not from the manifest that holds the checksum.
  const about = await readAbout(directory);
  const env = { ...(await libpqEnvironment(connection, scratch)), PGOPTIONS: `${noLimits} ${restoreSettings}` };
  const run = async (name: string, jobs: number) =>
    await runLong(context, name, {
      argv: [
        pgRestore,
        `--jobs=${jobs}`,
        "--exit-on-error",
        "--no-password",
        // A second subscriber would take the first one's place; databases with subscriptions are never destroyed.
        "--no-subscriptions",
        "--verbose",
        `--dbname=${scratch}`,
        join(directory, dataPath),
      ],
      env,
      prepare: () => makeScratch(component, scratch, about.properties, roles),
      progress: (line) =>
        /pg_restore: (?:finished item \d+ |processing data for )(.*)/.exec(line)?.[0].replace("pg_restore: ", ""),
    });
  let end = await run("restore", component.jobs);
  // Its own jobs may get into each other's way, such as where indexes of partitions are attached: seen with pg_restore 18.
  if (end.exitCode !== 0 && component.jobs > 1 && /deadlock detected/.test(await tail(end.stderr)))
    end = await run("restore-alone", 1);
  if (end.exitCode !== 0) throw await longFailure("pg_restore", end);
  await withClient(connection, maintenanceDatabase, async (client) => {
    for (const statement of applyProperties(scratch, about.properties)) await client.query(statement);
  });
  return toBackup(component, manifest);
}

async function makeScratch(
  component: PgDumpComponent,
  scratch: string,
  properties: Properties,
  roles: StoredRole[],
): Promise<void> {
  await withClient(component.connection, component.maintenanceDatabase, async (client) => {
    await client.query(`drop database if exists ${identifier(scratch)} with (force)`);
    await createMissingRoles(client, roles);
    await client.query(createDatabase(scratch, properties));
    for (const statement of applySettings(scratch, properties)) await client.query(statement);
  });
}
