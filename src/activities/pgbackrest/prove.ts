import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Proof } from "../verbs.ts";
import { withClient } from "../postgres/client.ts";
import { backrest, backrestFailure } from "./client.ts";
import { readInfo, toRecord } from "./info.ts";
import { mustRecall } from "./memory.ts";
import { requireReliable } from "./relied-on.ts";
import { verifyRepository } from "./repository.ts";

/**
 * Shows that the backup can be relied on before anything is destroyed: archiving works now, the repository lists the
 * backup without errors, every file of it was read, and no WAL is missing since its start.
 * @throws BACKUP_NOT_VERIFIED
 */
export async function provePgBackRest(
  { component, backup }: { component: PgBackRestComponent; backup: Backup | null },
  context: StepContext,
): Promise<Proof> {
  if (backup === null) return await proveNewest(component, context);
  context.progress("archiving a WAL segment");
  const check = await backrest(component, "check", [], 300_000);
  if (check.exitCode !== 0)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      backrestFailure("check", check).message,
      "WAL must reach the repository: see archive_command and its error in the server's log.",
    );
  const { archivedSegment } = await mustRecall(context, component, "backup");
  return await proveReliable(component, backup.id, archivedSegment, context);
}

/** The newest backup, whoever made it. Asks the server nothing that would make it write: no segment is archived for it. */
async function proveNewest(component: PgBackRestComponent, context: StepContext): Promise<Proof> {
  const { backup: all } = await readInfo(component);
  const newest = all.toSorted((a, b) => a.timestamp.stop - b.timestamp.stop).at(-1);
  if (newest === undefined) throw fail("NO_BACKUP", `stanza ${component.stanza} has no backup`);
  const archived = [newest.archive.stop ?? "", await lastArchived(component)].toSorted().at(-1)!;
  const backup = toRecord(component, newest);
  return {
    ...(await proveReliable(component, newest.label, archived, context)),
    newest: { backup, takenAt: backup.completedAt, whole: true },
  };
}

/** The newest segment that the server says it has handed over, empty when it says none. */
async function lastArchived({ connection, database }: PgBackRestComponent): Promise<string> {
  const { rows } = await withClient(connection, database, (client) =>
    client.query<{ segment: string | null }>(
      "select substring(last_archived_wal from '^[0-9A-F]{24}') as segment from pg_stat_archiver",
    ),
  );
  return rows[0]?.segment ?? "";
}

async function proveReliable(
  component: PgBackRestComponent,
  label: string,
  archived: string,
  context: StepContext,
): Promise<Proof> {
  await requireReliable(component, label, archived, context);
  const verified = await verifyRepository(component, label, context);
  const newest = await requireReliable(component, label, archived, context);
  return {
    backupId: label,
    verifiedAt: new Date().toISOString(),
    note: `${verified.files.toLocaleString("en")} files and ${verified.segments} WAL segments read back; WAL without a hole since the backup, up to ${newest}`,
  };
}
