import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { output } from "../exec.ts";
import { readJson } from "../files.ts";
import { longFailure, runLong } from "../jobs/run-job.ts";
import { some } from "../postgres/compare.ts";
import type { Fingerprint } from "../postgres/fingerprint.ts";
import { readContents } from "./contents.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Proof } from "../verbs.ts";
import { newestBackup, plainRecord, type Source } from "./choose.ts";
import { checkPlain } from "./plain.ts";
import { programs } from "./programs.ts";
import {
  checkFiles,
  dataPath,
  fingerprintFile,
  listSets,
  type Manifest,
  readManifest,
  requireNewerReadable,
  setDirectory,
  toBackup,
} from "./sets.ts";

/**
 * Reads the whole dump back before anything is destroyed: checksums of all files, the table of contents against the
 * fingerprint, and every byte through pg_restore (its --list alone is content with a truncated file).
 * @throws BACKUP_NOT_VERIFIED
 */
export async function provePgDump(
  { component, backup }: { component: PgDumpComponent; backup: Backup | null },
  context: StepContext,
): Promise<Proof> {
  if (backup === null) return await proveNewest(component, context);
  const manifest = await readManifest(component, backup.id);
  if (manifest.sha256 !== backup.sha256)
    throw fail("BACKUP_NOT_VERIFIED", `the manifest of ${backup.id} is not the one that this run wrote`);
  return await proveSet(component, manifest, "read", context);
}

/**
 * The newest backup, whoever made it. A run beside this one may make a newer one and remove this in the middle.
 * @throws NO_BACKUP, BACKUP_NOT_VERIFIED
 */
async function proveNewest(component: PgDumpComponent, context: StepContext): Promise<Proof> {
  const newestSet = async () => (await listSets(component, context.run.plan))[0]?.id ?? "";
  const id = await newestSet();
  try {
    await requireNewerReadable(component, id);
    return await proveSource(component, await newestBackup(component, null, context.run.plan), context);
  } catch (error) {
    if ((await newestSet()) === id) throw error;
    return await proveNewest(component, context);
  }
}

async function proveSource(component: PgDumpComponent, source: Source, context: StepContext): Promise<Proof> {
  const { takenAt } = source;
  if (source.kind === "set") {
    const newest = { backup: toBackup(component, source.manifest), takenAt, whole: true };
    return { ...(await proveSet(component, source.manifest, `read-${source.id}`, context)), newest };
  }
  context.progress("reading the whole dump");
  await checkPlain(source.path);
  return {
    backupId: source.id,
    verifiedAt: new Date().toISOString(),
    note: `${source.path} is complete, but a plain dump has no checksums that would tell of damage`,
    newest: { backup: plainRecord(source), takenAt, whole: false },
  };
}

/** @param job name of the program that reads: in one step each dump needs its own */
async function proveSet(
  component: PgDumpComponent,
  manifest: Manifest,
  job: string,
  context: StepContext,
): Promise<Proof> {
  await checkFiles(component, manifest, context);
  const entries = await checkContents(component, manifest);
  await readThrough(component, manifest, job, context);
  return {
    backupId: manifest.id,
    verifiedAt: new Date().toISOString(),
    note: `${manifest.files.length} files read back, ${entries} entries, every byte decompressed`,
  };
}

/** Every table of the fingerprint must have its data in the table of contents. */
async function checkContents(component: PgDumpComponent, manifest: Manifest): Promise<number> {
  const directory = setDirectory(component, manifest.id);
  const { pgRestore } = await programs(manifest.serverVersion);
  const list = await output({ argv: [pgRestore, "--list", join(directory, dataPath)] });
  const fingerprint = await readJson<Fingerprint>(join(directory, fingerprintFile));
  if (fingerprint === undefined) throw fail("BACKUP_NOT_VERIFIED", `the dump ${directory} has no ${fingerprintFile}`);
  const { entries, missing, largeObjects } = readContents(list, fingerprint.tables);
  if (missing.length > 0) throw fail("BACKUP_NOT_VERIFIED", `the dump ${directory} holds no data of ${some(missing)}`);
  if (fingerprint.largeObjects.count > 0 && !largeObjects)
    throw fail("BACKUP_NOT_VERIFIED", `the dump ${directory} holds no large objects`);
  return entries;
}

/** Lets pg_restore read and decompress the whole dump into nothing. */
async function readThrough(
  component: PgDumpComponent,
  manifest: Manifest,
  job: string,
  context: StepContext,
): Promise<void> {
  const { pgRestore } = await programs(manifest.serverVersion);
  const source = join(setDirectory(component, manifest.id), dataPath);
  context.progress("reading the whole dump");
  const end = await runLong(context, job, { argv: [pgRestore, "--exit-on-error", "--file=/dev/null", source] });
  if (end.exitCode === 0 && (await readFile(end.stderr, "utf8")) === "") return;
  const { message } = await longFailure("pg_restore", end);
  throw fail("BACKUP_NOT_VERIFIED", `the dump ${source} cannot be read to its end: ${message}`);
}
