import * as z from "zod";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { BackupRecord } from "../../report/record.ts";
import { backrest, backrestFailure } from "./client.ts";
import { readOutput } from "./json-output.ts";

/** Seconds since 1970, as far as a calendar goes. */
const moment = z.int().nonnegative().max(253_402_300_799);
const bytes = z.int().nonnegative();

/** What we read of `pgbackrest info --output=json` (2.45 and newer). */
const BackupInfo = z.object({
  label: z.string(),
  type: z.string(),
  error: z.boolean().nullish(),
  database: z.object({ id: z.number() }),
  archive: z.object({ start: z.string().nullable(), stop: z.string().nullable() }),
  lsn: z.object({ start: z.string(), stop: z.string() }).nullish(),
  timestamp: z.object({ start: moment, stop: moment }),
  annotation: z.record(z.string(), z.string()).nullish(),
  info: z.object({ size: bytes, repository: z.object({ delta: bytes }) }),
});
export type BackupInfo = z.infer<typeof BackupInfo>;

const Stanza = z.object({
  name: z.string(),
  status: z.object({
    code: z.number(),
    message: z.string(),
    lock: z.object({ backup: z.object({ held: z.boolean() }) }).optional(),
  }),
  db: z.array(z.object({ id: z.number(), "system-id": z.string(), version: z.string() })).default([]),
  backup: z.array(BackupInfo).default([]),
});
export type Stanza = z.infer<typeof Stanza>;

/** Annotation that tells which run made a backup. */
export const runAnnotation = "firedrill-run";

/** System identifiers have up to 20 digits: as JSON numbers their last ones would be lost, so they become strings first. */
export function parseStanzas(text: string): Stanza[] {
  const exact = text.replaceAll(/("system-id"\s*:\s*)(\d+)/g, '$1"$2"');
  return readOutput(exact, z.array(Stanza), "pgbackrest info");
}

export function parseInfo(text: string, name: string): Stanza | undefined {
  return parseStanzas(text).find((stanza) => stanza.name === name);
}

/**
 * What the repository knows of the stanza. `info` exits with 0 for a missing stanza and for an unreachable repository
 * too, so its status decides: 0 is ok, 2 means that there is no backup yet.
 * @throws NO_BACKUP without a stanza, SYSTEM_UNREACHABLE
 */
export async function readInfo(component: PgBackRestComponent, set?: string): Promise<Stanza> {
  const end = await backrest(component, "info", ["--output=json", ...(set === undefined ? [] : [`--set=${set}`])]);
  if (end.exitCode !== 0) throw backrestFailure("info", end);
  const stanza = parseInfo(end.stdout, component.stanza);
  const { code, message } = stanza?.status ?? { code: 1, message: "missing stanza" };
  const where = `stanza ${component.stanza} of ${component.config}`;
  if (code === 1 || code === 3) {
    throw fail("NO_BACKUP", `${where}: ${message}`, "Check the stanza's name, and run `pgbackrest stanza-create`.");
  }
  // 6: the backup that was asked for is gone; the caller sees that in the list.
  if (stanza === undefined || ![0, 2, 6].includes(code)) {
    throw fail("SYSTEM_UNREACHABLE", `the repository of ${where} cannot be read: ${message} (${code})`);
  }
  return stanza;
}

/** The identity of the cluster that the stanza now belongs to (the last one after an upgrade). */
export function identityOf(stanza: Stanza): string {
  return stanza.db.at(-1)?.["system-id"] ?? "";
}

/** Name of the archive that holds a backup's WAL: "15-1". */
export function archiveId(stanza: Stanza, backup: BackupInfo): string {
  const db = stanza.db.find(({ id }) => id === backup.database.id);
  return `${db?.version ?? ""}-${backup.database.id}`;
}

/**
 * The newest backup without page errors.
 * @param toTime ISO 8601: it must have ended before that time; null for any
 * @throws NO_BACKUP
 */
export function newestGood(stanza: Stanza, toTime: string | null): BackupInfo {
  const limit = toTime === null ? Number.POSITIVE_INFINITY : Math.floor(Date.parse(toTime) / 1000);
  const good = stanza.backup.filter(({ error, timestamp }) => error !== true && timestamp.stop < limit);
  const newest = good.toSorted((a, b) => a.timestamp.stop - b.timestamp.stop).at(-1);
  if (newest !== undefined) return newest;
  const before = toTime === null ? "" : ` that ended before ${toTime}`;
  throw fail("NO_BACKUP", `stanza ${stanza.name} has no good backup${before}`);
}

export function toRecord(component: PgBackRestComponent, backup: BackupInfo): BackupRecord {
  return {
    id: backup.label,
    completedAt: new Date(backup.timestamp.stop * 1000).toISOString(),
    bytes: backup.info.repository.delta,
    location: `stanza ${component.stanza} of ${component.config}`,
    sha256: null,
  };
}
