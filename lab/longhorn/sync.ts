import { createHash } from "node:crypto";
import type { Api } from "../operators/api.ts";
import type { VolumeConfig } from "./backup-store.ts";
import { control } from "./control.ts";
import {
  type Backup,
  type BackupTarget,
  type BackupVolume,
  create,
  get,
  now,
  patchStatus,
  pathOf,
  release,
  withCondition,
} from "./objects.ts";
import { type StandIn, storeOf } from "./stand-in.ts";

/**
 * What is in the backup store becomes objects: a BackupTarget is polled, each volume in it becomes a BackupVolume, each of its
 * backups a Backup. Real: the order (available first, then what is in it), the interval, `syncRequestedAt`, names and labels, and
 * that what is gone from the store is taken from the cluster. Not real: how often one that cannot be reached is tried again.
 */

/** Longhorn's names since 1.9.1: the same volume gets the same one in every cluster. */
export function backupVolumeName(volume: string, target: string): string {
  return `${volume}-${createHash("sha256").update(`${volume}-${target}`).digest("hex").slice(0, 8)}`;
}

/** A second later than now, as times have no fractions and must be later than the last one. */
export async function requestSync(api: Api, plural: "backuptargets" | "backupvolumes", name: string): Promise<void> {
  const syncRequestedAt = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+/, "");
  await api.call("PATCH", pathOf(plural, name), { spec: { syncRequestedAt } });
}

/** What would be deleted here is only the object. */
async function forget(api: Api, plural: "backups" | "backupvolumes", name: string): Promise<void> {
  const labels = { "longhorn.io/delete-custom-resource-only": "" };
  await api.call("PATCH", pathOf(plural, name), { metadata: { labels } });
  await api.call("DELETE", pathOf(plural, name));
}

interface List<T> {
  items: T[];
}

const isDue = (wish: string | undefined, last: string | undefined) => last === undefined || (wish ?? "") > last;

export function runSync(standIn: StandIn): void {
  const { api } = standIn;
  /** Where a target was when it was asked last. */
  const seen = new Map<string, string>();

  control<BackupTarget>(api, pathOf("backuptargets"), async (target, gone) => {
    const { name } = target.metadata;
    const { spec, status = {} } = target;
    if (gone) return;
    const interval = milliseconds(spec.pollInterval ?? "300s");
    const past = Date.now() - Date.parse(status.lastSyncedAt ?? "1970-01-01");
    const isAsked = isDue(spec.syncRequestedAt, status.lastSyncedAt) || past >= interval;
    const where = `${spec.backupTargetURL} ${spec.credentialSecret}`;
    // Between two polls nobody looks whether the store is still there.
    if (status.available === true && !isAsked && seen.get(name) === where)
      return interval === Infinity ? undefined : interval - past;
    seen.set(name, where);
    try {
      const { store } = await storeOf(standIn, name);
      const volumes = await store.volumes();
      if (status.available !== true) {
        const conditions = withCondition(status.conditions, "Unavailable", "False");
        return await patchStatus(api, "backuptargets", name, { available: true, conditions });
      }
      await pullVolumes(name, volumes);
      const lastSyncedAt = now();
      await patchStatus(api, "backuptargets", name, { lastSyncedAt });
      return isDue(spec.syncRequestedAt, lastSyncedAt) ? 300 : undefined;
    } catch (error) {
      const message = `failed to get the backup volumes of ${name}: ${String(error)}`;
      const conditions = withCondition(status.conditions, "Unavailable", "True", "Unavailable", message);
      if (
        status.available !== false ||
        status.conditions?.find(({ type }) => type === "Unavailable")?.message !== message
      )
        await patchStatus(api, "backuptargets", name, { available: false, conditions });
      return 2_000;
    }
  });

  async function pullVolumes(target: string, volumes: string[]): Promise<void> {
    const { items } = (await api.call<List<BackupVolume>>("GET", pathOf("backupvolumes")))!;
    const known = items.filter(({ spec }) => spec.backupTargetName === target);
    for (const { metadata, spec } of known) {
      if (volumes.includes(spec.volumeName)) await requestSync(api, "backupvolumes", metadata.name);
      else await forget(api, "backupvolumes", metadata.name);
    }
    for (const volumeName of volumes) {
      const labels = { "backup-target": target, "backup-volume": volumeName };
      const spec = { backupTargetName: target, volumeName, syncRequestedAt: now() };
      await create(api, "backupvolumes", backupVolumeName(volumeName, target), { metadata: { labels }, spec });
    }
  }

  control<BackupVolume>(api, pathOf("backupvolumes"), async (one, gone) => {
    const { name, deletionTimestamp, labels = {} } = one.metadata;
    const { backupTargetName: target, volumeName, syncRequestedAt } = one.spec;
    if (gone) return;
    if (deletionTimestamp !== undefined) {
      const found = await storeOf(standIn, target).catch(() => undefined);
      if (!("longhorn.io/delete-custom-resource-only" in labels)) await found?.store.removeVolume(volumeName);
      for (const backup of await backupsOf(volumeName, target)) await forget(api, "backups", backup.metadata.name);
      return await release(api, "backupvolumes", one);
    }
    if (!isDue(syncRequestedAt, one.status?.lastSyncedAt)) return;
    const { store } = await storeOf(standIn, target);
    const config = await store.volume(volumeName);
    const names = await store.backups(volumeName);
    const isStale = await standIn.ordered("stale-lists", volumeName);
    const listed = isStale ? names.filter((backup) => backup !== config.LastBackupName) : names;
    const forgets = !(await standIn.ordered("backup-config-missing", volumeName));
    await pullBackups(volumeName, target, listed, forgets);
    const stored = (await store.blocks(volumeName)).size * 2 * 1024 * 1024;
    const status = statusOf(config, stored);
    const last = isStale ? { lastBackupName: listed.at(-1) ?? "", lastBackupAt: "" } : {};
    const lastSyncedAt = now();
    await patchStatus(api, "backupvolumes", name, { ...status, ...last, lastSyncedAt });
    // A wish that is in the future by a fraction of a second.
    return isDue(syncRequestedAt, lastSyncedAt) ? 300 : undefined;
  });

  async function backupsOf(volume: string, target: string): Promise<Backup[]> {
    const selector = encodeURIComponent(`backup-volume=${volume},backup-target=${target}`);
    return (await api.call<List<Backup>>("GET", `${pathOf("backups")}?labelSelector=${selector}`))!.items;
  }

  async function pullBackups(volume: string, target: string, names: string[], forgets: boolean): Promise<void> {
    for (const { metadata, spec, status } of await backupsOf(volume, target)) {
      const isBeingMade = (spec.snapshotName ?? "") !== "" && status?.lastSyncedAt === undefined;
      if (forgets && !names.includes(metadata.name) && !isBeingMade) await forget(api, "backups", metadata.name);
    }
    const labels = { "backup-target": target, "backup-volume": volume };
    for (const name of names)
      if ((await get(api, "backups", name)) === undefined)
        await create(api, "backups", name, { metadata: { labels }, spec: { labels: {} } });
  }
}

function statusOf(config: VolumeConfig, dataStored: number): object {
  return {
    lastBackupName: config.LastBackupName,
    lastBackupAt: config.LastBackupAt,
    size: config.Size,
    labels: config.Labels,
    createdAt: config.CreatedTime,
    dataStored: String(dataStored),
    messages: null,
    backingImageName: "",
    backingImageChecksum: "",
    storageClassName: config.StorageClassName,
    lastModificationTime: config.LastBackupAt,
  };
}

/** `5m0s`, or seconds as older settings have them. */
function milliseconds(text: string): number {
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text) ?? [];
  const sum = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  // Zero: nothing is polled.
  return sum === 0 ? Infinity : sum * 1000;
}
