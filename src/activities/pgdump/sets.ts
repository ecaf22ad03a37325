import { createHash } from "node:crypto";
import { lstat, readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { describeFailure, fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { fileFailure, readJson, sha256File, writeAtomically } from "../files.ts";
import type { StepContext } from "../step.ts";
import type { RunRef } from "../verbs.ts";
import type { DumpAbout } from "./dump-program.ts";

/**
 * A dump on disk is a directory, `<dumps>/<time>-<run>`: `data` (what pg_dump wrote), fingerprint.json, roles.json (with
 * password hashes, if they could be read) and manifest.json. While it is written its name ends in `.partial`.
 */
export interface Manifest {
  version: 1;
  id: string;
  plan: string;
  component: string;
  database: string;
  /** Which server, and which database of it, was dumped: PostgreSQL's system identifier and the database's OID. */
  systemIdentifier: string;
  oid: number;
  format: PgDumpComponent["format"];
  /** The moment of the snapshot, and when the dump was complete; ISO 8601 in UTC. */
  takenAt: string;
  completedAt: string;
  serverVersion: number;
  sentinel: { run: string; sha256: string } | null;
  files: { path: string; bytes: number; sha256: string }[];
  bytes: number;
  /** sha256 of the list of all files' sha256. */
  sha256: string;
}

const manifestFile = "manifest.json";
export const fingerprintFile = "fingerprint.json";
export const rolesFile = "roles.json";
export const dataPath = "data";
export const aboutFile = "about.json";

/** The name of a run's dump of a component, the same in each attempt. */
export function setId(component: PgDumpComponent, run: RunRef): string {
  return `${run.startedAt.replace(/\.\d+/, "").replace(/[-:]/g, "")}-${component.name}-${run.short}`;
}

export function setDirectory(component: PgDumpComponent, id: string): string {
  return join(component.dumps, id);
}

export function partialDirectory(component: PgDumpComponent, id: string): string {
  return `${setDirectory(component, id)}.partial`;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Size and sha256 of every file of a set but the manifest. */
export async function hashFiles(
  directory: string,
  { progress, signal }: Pick<StepContext, "progress" | "signal">,
): Promise<Pick<Manifest, "files" | "bytes">> {
  const paths = (await filesBelow(directory)).filter((path) => relative(directory, path) !== manifestFile).sort();
  const files: Manifest["files"] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    const { size } = await stat(path);
    files.push({ path: relative(directory, path), bytes: size, sha256: await sha256File(path, signal) });
    progress(`checksum of file ${files.length} of ${paths.length}`);
  }
  return { files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** sha256 of all that a manifest says, and so of the checksums of all files. */
export function sealOf(unsealed: Omit<Manifest, "sha256">): string {
  return createHash("sha256").update(JSON.stringify(unsealed)).digest("hex");
}

export async function writeManifest(directory: string, unsealed: Omit<Manifest, "sha256">): Promise<void> {
  const manifest: Manifest = { ...unsealed, sha256: sealOf(unsealed) };
  await writeAtomically(join(directory, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws NO_BACKUP when the set is gone, BACKUP_NOT_VERIFIED when its manifest cannot be read */
export async function readManifest(component: PgDumpComponent, id: string): Promise<Manifest> {
  const path = join(setDirectory(component, id), manifestFile);
  const manifest = await readJson<Manifest>(path).catch((error: unknown) => {
    if (describeFailure(error).type !== "STATE_DAMAGED") throw fileFailure(error, path);
    throw fail("BACKUP_NOT_VERIFIED", `the manifest ${path} cannot be read: it was cut or overwritten`);
  });
  if (manifest === undefined) throw fail("NO_BACKUP", `the dump ${setDirectory(component, id)} is gone`);
  const { sha256, ...unsealed } = manifest;
  if (sealOf(unsealed) !== sha256)
    throw fail("BACKUP_NOT_VERIFIED", `the manifest ${path} is not what was written: its own checksum is another`);
  // What is removed is found by this name.
  if (manifest.id !== id)
    throw fail("BACKUP_NOT_VERIFIED", `the manifest ${path} is that of ${JSON.stringify(manifest.id)}`);
  return manifest;
}

/** What the dump's own program wrote beside it. @throws BACKUP_NOT_VERIFIED */
export async function readAbout(directory: string): Promise<DumpAbout> {
  const about = await readJson<DumpAbout>(join(directory, aboutFile));
  if (about === undefined) throw fail("BACKUP_NOT_VERIFIED", `the dump ${directory} has no ${aboutFile}`);
  return about;
}

/**
 * Reads every file of a set and compares it with the manifest: a truncated, altered, missing or added file is found.
 * @throws BACKUP_NOT_VERIFIED naming the first file that differs
 */
export async function checkFiles(
  component: PgDumpComponent,
  manifest: Manifest,
  context: Pick<StepContext, "progress" | "signal">,
): Promise<void> {
  const directory = setDirectory(component, manifest.id);
  // Whoever can exchange what it leads to can do so after it was read.
  if ((await lstat(directory)).isSymbolicLink()) throw altered(directory, "it is a symbolic link");
  const now = await hashFiles(directory, context);
  const found = new Map(now.files.map((file) => [file.path, file]));
  for (const file of manifest.files) {
    const other = found.get(file.path);
    found.delete(file.path);
    if (other === undefined) throw altered(directory, `${file.path} is missing`);
    if (other.bytes !== file.bytes)
      throw altered(directory, `${file.path} has ${other.bytes} bytes instead of ${file.bytes}`);
    if (other.sha256 !== file.sha256)
      throw altered(directory, `${file.path} has other content than when it was written`);
  }
  if (found.size > 0) throw altered(directory, [...found.keys()].map((path) => `${path} was added`).join(", "));
}

function altered(directory: string, what: string) {
  return fail(
    "BACKUP_NOT_VERIFIED",
    `the dump ${directory} was altered: ${what}`,
    "Do not rely on this dump: abort, look at the disk, and make a new backup.",
  );
}

const setName = /^\d{8}T\d{6}Z-(.+)-[0-9a-f]{8}$/;

async function namesIn({ dumps }: PgDumpComponent): Promise<string[]> {
  return await readdir(dumps).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw fileFailure(error, dumps);
  });
}

/**
 * A restore passes over dumps whose manifest is damaged. Who asks for the newest must hear of those that are newer.
 * @param than ID of a dump, empty for all
 * @throws BACKUP_NOT_VERIFIED
 */
export async function requireNewerReadable(component: PgDumpComponent, than: string): Promise<void> {
  const own = (await namesIn(component)).filter((name) => setName.exec(name)?.[1] === component.name);
  for (const id of own.filter((name) => name > than)) await readManifest(component, id);
}

/**
 * All complete dumps of a plan's component, the newest first. What lies in the directory besides (dumps of another plan
 * or component, other files) is none of its business.
 */
export async function listSets(component: PgDumpComponent, plan: string): Promise<Manifest[]> {
  const names = await namesIn(component);
  const complete = names.filter((name) => setName.test(name));
  // A set whose manifest is damaged is no backup to choose or to count on; it stays on the disk for a person to see. One
  // that cannot be read for another reason may be the newest of all, and an older one must not be taken in its place.
  const damaged = (error: unknown): undefined => {
    if (!["BACKUP_NOT_VERIFIED", "NO_BACKUP"].includes(describeFailure(error).type)) throw error;
  };
  const manifests = await Promise.all(complete.map((id) => readManifest(component, id).catch(damaged)));
  return manifests
    .filter((found) => found !== undefined)
    .filter(
      (found) => found.plan === plan && found.component === component.name && found.database === component.database,
    )
    .sort((a, b) => b.takenAt.localeCompare(a.takenAt));
}

export async function removeSet(component: PgDumpComponent, id: string): Promise<void> {
  await rm(setDirectory(component, id), { recursive: true, force: true });
}

export function toBackup(component: PgDumpComponent, manifest: Manifest): BackupRecord {
  return {
    id: manifest.id,
    completedAt: manifest.completedAt,
    bytes: manifest.bytes,
    location: setDirectory(component, manifest.id),
    sha256: manifest.sha256,
  };
}
