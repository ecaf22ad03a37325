import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { backups, backupVolumes, longhornNamespace, specOf, statusOf, textIn, volumeIn } from "./kinds.ts";
import { backupState } from "./states.ts";

/** Which of the backups that Longhorn knows is meant. */

export interface Chosen {
  backup: KubernetesObject;
  /** Name of the volume that was backed up. */
  volume: string;
}

/** Whose a backup is: by Longhorn's own label, or by the claim that ours names. */
export interface Wanted {
  /** Name of the volume; undefined where only the claim is known. */
  volume: string | undefined;
  /** "shop/data" */
  claim: string | undefined;
  /** Of a RecurringJob; undefined for any. */
  recurring?: string | undefined;
}

export interface Listed {
  backups: KubernetesObject[];
  backupVolumes: KubernetesObject[];
}

export async function listBackups(cluster: Cluster): Promise<Listed> {
  const [one, other] = await Promise.all(
    [backups, backupVolumes].map(async (kind) => (await cluster.list(kind, { namespace: longhornNamespace })).objects),
  );
  return { backups: one!, backupVolumes: other! };
}

const takenAt = ({ backup }: Chosen) => snapshotTime(backup);

/** Milliseconds since 1970; NaN of a backup that has no snapshot yet. */
export function snapshotTime(backup: KubernetesObject): number {
  return Date.parse(textIn(statusOf(backup), "snapshotCreatedAt"));
}

export function completeBackups(listed: Listed): Chosen[] {
  return listed.backups
    .filter((backup) => backupState(backup).is === "done")
    .map((backup) => ({ backup, volume: volumeIn(backup) }));
}

/** The complete ones that are meant, the newest first. Pure. @param toTime ISO 8601; null for all of them */
export function fitting(listed: Listed, { volume, claim, recurring }: Wanted, toTime: string | null): Chosen[] {
  return completeBackups(listed)
    .filter(
      (one) =>
        (volume !== undefined && one.volume === volume) || (claim !== undefined && claimOf(one.backup) === claim),
    )
    .filter(({ backup }) => recurring === undefined || labelsIn(backup)["RecurringJob"] === recurring)
    .filter((one) => toTime === null || takenAt(one) <= Date.parse(toTime))
    .toSorted((a, b) => takenAt(b) - takenAt(a));
}

/** What the backup itself says, also in another cluster. */
function labelsIn(backup: KubernetesObject): Record<string, string> {
  return { ...(specOf(backup)["labels"] as object), ...(statusOf(backup)["labels"] as object) };
}

/** "shop/data", by the label that Longhorn's own UI writes, and we do. */
export function claimOf(backup: KubernetesObject): string | undefined {
  return claimIn(labelsIn(backup));
}

export function claimIn(labels: Record<string, string>): string | undefined {
  try {
    const { namespace, pvcName } = JSON.parse(labels["KubernetesStatus"] ?? "{}") as Record<string, string>;
    return namespace && pvcName ? `${namespace}/${pvcName}` : undefined;
  } catch {
    return undefined;
  }
}

export function wantedOf({ claim, namespace, volume, backup }: LonghornComponent, own?: string): Wanted {
  return {
    volume: own ?? volume,
    claim: claim === undefined ? undefined : `${namespace}/${claim}`,
    recurring: typeof backup === "object" ? backup.recurring : undefined,
  };
}
