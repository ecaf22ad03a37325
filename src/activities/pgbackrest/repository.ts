import { readFile } from "node:fs/promises";
import * as z from "zod";
import { fail } from "../../failures.ts";
import type { PgBackRestComponent } from "../../plan/schema.ts";
import type { StepContext } from "../step.ts";
import { backrest, backrestFailure, backrestLong, backrestLongFailure } from "./client.ts";
import { type BackupInfo, archiveId, type Stanza } from "./info.ts";
import { readOutput } from "./json-output.ts";
import { archivedSegments } from "./wal.ts";

const Listing = z.record(z.string(), z.object({ type: z.string() }));

/** Names of all WAL segments that the repository has for the cluster that a backup was made of. */
export async function listSegments(
  component: PgBackRestComponent,
  stanza: Stanza,
  backup: BackupInfo,
): Promise<string[]> {
  const path = `archive/${component.stanza}/${archiveId(stanza, backup)}`;
  const end = await backrest(component, "repo-ls", [path, "--recurse", "--output=json"]);
  if (end.exitCode !== 0) throw backrestFailure("repo-ls", end);
  return archivedSegments(Object.keys(readOutput(end.stdout, Listing, "pgbackrest repo-ls")));
}

export interface Verified {
  /** Files of the backup and WAL segments that were read and found whole. */
  files: number;
  segments: number;
}

/** How `verify` says of a backup or an archive that nothing of it is damaged. */
const undamaged = "missing: 0, checksum invalid: 0, size invalid: 0, other: 0";

/**
 * Reads what `verify --output=text --verbose` printed. It exits with 0 even when it finds damage, and older ones print
 * nothing when all is well, so only counts are proof.
 * @returns why the backup is not verified, or what was counted
 */
export function parseVerify(text: string, label: string): Verified | string {
  const lines = text.split("\n").map((line) => line.trim());
  const status = lines.find((line) => line.startsWith("status:"));
  if (status !== "status: ok") {
    const told = lines.filter((line) => line !== "" && line !== undamaged);
    return told.join("; ") || "it said nothing";
  }
  const backup = lines.find((line) => line.startsWith(`backup: ${label},`)) ?? "";
  const [, checked, valid] = /status: valid, total files checked: (\d+), total valid files: (\d+)/.exec(backup) ?? [];
  if (checked === undefined || Number(checked) === 0 || checked !== valid)
    return backup || `it did not look at ${label}`;
  const damage = lines.find((line) => line.startsWith("missing: ") && line !== undamaged);
  if (damage !== undefined) return damage;
  const archives = lines.flatMap((line) => {
    const counts = /^archiveId: \S+, total WAL checked: (\d+), total valid WAL: (\d+)/.exec(line);
    return counts === null ? [] : [{ line, checked: Number(counts[1]), valid: Number(counts[2]) }];
  });
  const bad = archives.find((archive) => archive.checked !== archive.valid);
  if (bad !== undefined) return bad.line;
  const segments = archives.reduce((sum, archive) => sum + archive.valid, 0);
  return segments === 0 ? "it counted no WAL" : { files: Number(checked), segments };
}

/** Lets pgBackRest read every file and WAL segment of the stanza. @throws BACKUP_NOT_VERIFIED */
export async function verifyRepository(
  component: PgBackRestComponent,
  label: string,
  context: StepContext,
): Promise<Verified> {
  context.progress("reading the whole repository");
  const end = await backrestLong(component, context, {
    command: "verify",
    args: ["--output=text", "--verbose"],
    consoleLevel: "off",
  });
  if (end.exitCode !== 0) throw await backrestLongFailure("verify", end);
  const verified = parseVerify(await readFile(end.stdout, "utf8"), label);
  if (typeof verified !== "string") return verified;
  throw fail(
    "BACKUP_NOT_VERIFIED",
    `pgbackrest verify found damage in stanza ${component.stanza}: ${verified.slice(0, 600)}`,
  );
}
