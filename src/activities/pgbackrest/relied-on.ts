import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { identityOf, readInfo } from "./info.ts";
import { mustRecall } from "./memory.ts";
import { listSegments } from "./repository.ts";
import { continuity } from "./wal.ts";

/**
 * What can be asked of a repository in a moment, without reading its files: it is this cluster's, lists the backup
 * without errors, and has all WAL from its start up to the segment that must be there.
 * @param archived name of the newest segment that the server has handed over
 * @returns the newest segment that the repository has
 * @throws BACKUP_NOT_VERIFIED
 */
export async function requireReliable(
  component: PgBackRestComponent,
  label: string,
  archived: string,
  context: StepContext,
): Promise<string> {
  const { systemIdentifier, segmentBytes } = await mustRecall(context, component, "cluster");
  const refuse = (what: string, hint?: string) => fail("BACKUP_NOT_VERIFIED", what, hint);
  const stanza = await readInfo(component);
  const { status } = stanza;
  if (status.code !== 0) throw refuse(`stanza ${component.stanza}: ${status.message} (${status.code})`);
  if (identityOf(stanza) !== systemIdentifier)
    throw refuse(
      `stanza ${component.stanza} belongs to cluster ${identityOf(stanza)} now, not to ${systemIdentifier}`,
      "Somebody put another repository there: put the right one back; then retry.",
    );
  const backup = stanza.backup.find((one) => one.label === label);
  if (backup === undefined)
    throw refuse(
      `the repository does not list backup ${label}`,
      "Another job has removed it: look for an expire with less retention; then abort and start a new run.",
    );
  if (backup.error === true)
    throw refuse(
      `backup ${label} holds pages with wrong checksums`,
      "The live data itself is damaged: abort, and run pg_amcheck.",
    );
  const names = await listSegments(component, stanza, backup);
  const { holes, newest } = continuity(names, backup.archive.start ?? archived, segmentBytes);
  if (holes.length > 0) throw refuse(`the archive of ${component.stanza} lacks WAL ${holes.slice(0, 3).join(", ")}`);
  if (newest !== undefined && newest >= archived) return newest;
  throw refuse(
    `the archive of ${component.stanza} ends at ${newest ?? "nothing"}, but the server had archived ${archived}`,
    "Look where archive_command puts WAL: it says that it keeps it, and the repository does not have it.",
  );
}
