import { glob, stat } from "node:fs/promises";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { listSets, type Manifest } from "./sets.ts";

/** A backup that a `restore` can take: one of our dumps, or a plain SQL file that another job wrote. */
export type Source = { id: string; takenAt: string } & (
  | { kind: "set"; manifest: Manifest }
  | { kind: "plain"; path: string; bytes: number }
);

/**
 * The newest backup, of our own and of plain files together, that is not younger than a time.
 * @param toTime ISO 8601; null for the newest of all
 * @throws NO_BACKUP
 */
export async function newestBackup(component: PgDumpComponent, toTime: string | null, plan: string): Promise<Source> {
  const sources = await allBackups(component, plan);
  const found = sources.find(({ takenAt }) => toTime === null || Date.parse(takenAt) <= Date.parse(toTime));
  if (found !== undefined) return found;
  const where = component.plain === undefined ? component.dumps : `${component.dumps} and ${component.plain}`;
  throw fail(
    "NO_BACKUP",
    `there is no backup of ${component.database}${toTime === null ? "" : ` from before ${toTime}`} in ${where}`,
  );
}

/** Every backup, the newest first. */
export async function allBackups(component: PgDumpComponent, plan: string): Promise<Source[]> {
  const sets: Source[] = (await listSets(component, plan)).map((manifest) => ({
    kind: "set",
    id: manifest.id,
    takenAt: manifest.takenAt,
    manifest,
  }));
  const plain = component.plain === undefined ? [] : await plainFiles(component.plain);
  return [...sets, ...plain].sort((a, b) => b.takenAt.localeCompare(a.takenAt));
}

export function plainRecord({ path, takenAt, bytes }: Source & { kind: "plain" }): BackupRecord {
  return { id: path, completedAt: takenAt, bytes, location: path, sha256: null };
}

/** A plain file says nothing certain of its time; when it was last written is the best there is. */
async function plainFiles(pattern: string): Promise<Source[]> {
  const found: Source[] = [];
  for await (const path of glob(pattern)) {
    const { mtime, size } = await stat(path);
    found.push({ kind: "plain", id: path, path, bytes: size, takenAt: mtime.toISOString() });
  }
  return found;
}
