import { fail } from "../../failures.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { StepContext } from "../step.ts";
import {
  type Chosen,
  claimIn,
  claimOf,
  fitting,
  type Listed,
  listBackups,
  snapshotTime,
  type Wanted,
  wantedOf,
} from "./choose.ts";
import { specOf, statusOf, textIn, volumeIn } from "./kinds.ts";
import { backupState } from "./states.ts";
import { syncBackups } from "./sync.ts";

/** Which backup is the newest, and what is known of those that are not complete: they may be newer. */

/** A backup that cannot be restored as it is. */
export interface Incomplete {
  name: string;
  /** What Longhorn says of it. */
  why: string;
  /** Longhorn has not read it from the store: nobody knows how old it is. */
  isUnread: boolean;
  /** Milliseconds since 1970; NaN where nobody knows. */
  takenAt: number;
}

export interface Newest {
  /** The newest complete one; undefined where there is no backup at all. */
  chosen: Chosen | undefined;
  /** Those that are not complete, and are not known to be older. */
  passedOver: Incomplete[];
}

/** `ours` are those of the volume that is meant; of `strange` ones nobody can say whose they are. Pure. */
export function incomplete(listed: Listed, { volume, claim }: Wanted): { ours: Incomplete[]; strange: Incomplete[] } {
  const owners = ownersOf(listed);
  const found = { ours: [] as Incomplete[], strange: [] as Incomplete[] };
  for (const backup of listed.backups.filter((one) => backupState(one).is !== "done")) {
    const source = volumeIn(backup);
    const claims = claimsBehind(backup, owners);
    if ((volume !== undefined && source === volume) || (claim !== undefined && claims.has(claim)))
      found.ours.push(asIncomplete(backup));
    else if (claims.size === 0) found.strange.push(asIncomplete(backup));
  }
  return found;
}

/**
 * The newest backup of a volume, where it is known which that is. Pure.
 * @param toTime ISO 8601: what a person has named needs no proof that nothing newer is there; null for the newest of all
 * @param instead how a person says that an older one will do, for the hint
 * @throws NO_BACKUP where none is complete; BACKUP_NOT_VERIFIED where one that Longhorn cannot read may be newer
 */
export function newestOf(
  listed: Listed,
  wanted: Wanted,
  toTime: string | null,
  instead: (chosen: Chosen) => string,
): Newest {
  const [chosen] = fitting(listed, wanted, toTime);
  const { ours, strange } = incomplete(listed, wanted);
  const of = wanted.claim === undefined ? `volume ${wanted.volume}` : `claim ${wanted.claim}`;
  if (chosen === undefined) {
    if (ours.length > 0 && toTime !== null)
      throw fail(
        "NO_BACKUP",
        `there is no complete backup of ${of} from before ${toTime}; not complete are ${textOf(ours)}`,
        "Name a later time, or mend what Longhorn says of the others; then retry.",
      );
    if (ours.length > 0)
      throw fail(
        "NO_BACKUP",
        `there are backups of ${of}, but none that is complete: ${textOf(ours)}`,
        "It is no first installation: do not let its workload start on an empty volume. Mend what Longhorn says of them; then retry.",
      );
    if (strange.some(({ isUnread }) => isUnread))
      throw fail(
        "NO_BACKUP",
        `there is no backup of ${of} that can be read, and of others nobody can say whose they are: ${textOf(strange)}`,
        "Look into the store what they are (kubectl -n longhorn-system describe backup): mend them, or move them away if they are of another volume; then retry.",
      );
    return { chosen, passedOver: [] };
  }
  const [least, most] = [snapshotTime(chosen.backup), toTime === null ? Infinity : Date.parse(toTime)];
  const isLast = isNamedLast(listed, chosen);
  const passedOver = ours.filter(({ isUnread, takenAt }) =>
    Number.isNaN(takenAt) ? !(isUnread && isLast) : takenAt > least && takenAt <= most,
  );
  const unread = passedOver.filter(({ isUnread }) => isUnread);
  if (unread.length > 0 && toTime === null)
    throw fail(
      "BACKUP_NOT_VERIFIED",
      `Longhorn cannot read ${textOf(unread)}: of ${of}, and perhaps newer than the newest complete one, ${chosen.backup.metadata.name} of ${textIn(statusOf(chosen.backup), "snapshotCreatedAt")}`,
      `Mend what keeps Longhorn from reading it; then retry. Or ${instead(chosen)}.`,
    );
  return { chosen, passedOver };
}

/**
 * Of a volume that is gone, perhaps with its whole cluster: Longhorn reads its store anew first.
 * @throws as newestOf; SYSTEM_UNREACHABLE
 */
export async function chooseBackup(
  cluster: Cluster,
  component: LonghornComponent,
  toTime: string | null,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<Newest & { chosen: Chosen }> {
  await syncBackups(cluster, { target: "default" }, component, context);
  const older = ({ backup }: Chosen) =>
    `restore the older one: --to-time ${textIn(statusOf(backup), "snapshotCreatedAt")}`;
  const wanted = { ...wantedOf(component), recurring: undefined };
  const { chosen, passedOver } = newestOf(await listBackups(cluster), wanted, toTime, older);
  if (chosen !== undefined) return { chosen, passedOver };
  const before = toTime === null ? "" : ` from before ${toTime}`;
  throw fail("NO_BACKUP", `Longhorn knows no backup of ${targetOf(component)}${before}`);
}

/** For a report: what was not restored, though it is there; empty where nothing was passed over. */
export function aboutPassedOver(passedOver: Incomplete[]): string {
  return passedOver.length === 0 ? "" : `; passed over, because not complete: ${textOf(passedOver)}`;
}

const namedAtMost = 3;

export function textOf(all: Incomplete[]): string {
  const rest = all.length > namedAtMost ? `, and ${all.length - namedAtMost} more` : "";
  return (
    all
      .slice(0, namedAtMost)
      .map(({ name, why }) => `${name} (${why})`)
      .join(", ") + rest
  );
}

function asIncomplete(backup: KubernetesObject): Incomplete {
  const { name } = backup.metadata;
  const state = backupState(backup);
  const said = textIn(statusOf(backup), "state");
  // One that is made here has a snapshot; what was found in the store has a state as soon as it was read.
  const isUnread = said === "Completed" || (said === "" && textIn(specOf(backup), "snapshotName") === "");
  const why =
    state.is === "failed"
      ? state.why
      : said === "" && isUnread
        ? notRead(backup)
        : state.is === "working"
          ? state.text
          : "";
  return { name, isUnread, takenAt: snapshotTime(backup), why };
}

function notRead(backup: KubernetesObject): string {
  const said = Object.values((statusOf(backup)["messages"] ?? {}) as Record<string, string>).join("; ");
  return `not read from the store${said === "" ? "" : `: ${said}`}`;
}

/** Claims by the volumes that were backed up, as the complete backups say it, and the store of the volume itself. */
export function ownersOf({ backups, backupVolumes }: Listed): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  const note = (volume: string, claim: string | undefined) => {
    if (claim !== undefined) owners.set(volume, (owners.get(volume) ?? new Set()).add(claim));
  };
  for (const backup of backups) note(volumeIn(backup), claimOf(backup));
  for (const one of backupVolumes)
    note(textIn(specOf(one), "volumeName"), claimIn((statusOf(one)["labels"] ?? {}) as Record<string, string>));
  return owners;
}

/** What a backup says itself counts; one that was not read says nothing. */
export function claimsBehind(backup: KubernetesObject, owners: Map<string, Set<string>>): Set<string> {
  const own = claimOf(backup);
  return own === undefined ? (owners.get(volumeIn(backup)) ?? new Set()) : new Set([own]);
}

/** The store's own file of the volume names its newest backup: then what cannot be read is older. */
function isNamedLast({ backupVolumes }: Listed, { backup, volume }: Chosen): boolean {
  return backupVolumes.some(
    (one) =>
      textIn(specOf(one), "volumeName") === volume && textIn(statusOf(one), "lastBackupName") === backup.metadata.name,
  );
}
