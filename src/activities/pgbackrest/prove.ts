import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Proof } from "../verbs.ts";
import { backrest, backrestFailure } from "./client.ts";
import { mustRecall } from "./memory.ts";
import { requireReliable } from "./relied-on.ts";
import { verifyRepository } from "./repository.ts";

/**
 * Shows that the backup can be relied on before anything is destroyed: archiving works now, the repository lists the
 * backup without errors, every file of it was read, and no WAL is missing since its start.
 * @throws BACKUP_NOT_VERIFIED
 */
export async function provePgBackRest(
  { component, backup }: { component: PgBackRestComponent; backup: Backup },
  context: StepContext,
): Promise<Proof> {
  context.progress("archiving a WAL segment");
  const check = await backrest(component, "check", [], 300_000);
  if (check.exitCode !== 0)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      backrestFailure("check", check).message,
      "WAL must reach the repository: see archive_command and its error in the server's log.",
    );
  const { archivedSegment } = await mustRecall(context, component, "backup");
  await requireReliable(component, backup.id, archivedSegment, context);
  const verified = await verifyRepository(component, backup.id, context);
  const newest = await requireReliable(component, backup.id, archivedSegment, context);
  return {
    backupId: backup.id,
    verifiedAt: new Date().toISOString(),
    note: `${verified.files.toLocaleString("en")} files and ${verified.segments} WAL segments read back; WAL without a hole since the backup, up to ${newest}`,
  };
}
