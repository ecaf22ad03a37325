import { setTimeout as sleep } from "node:timers/promises";
import { backupUrl } from "./backup-store.ts";
import { control } from "./control.ts";
import { type Backup, type BackupVolume, get, now, patchStatus, pathOf, release } from "./objects.ts";
import type { Snapshot, Volume } from "./objects.ts";
import { backupVolumeName, requestSync } from "./sync.ts";
import { type StandIn, storeOf } from "./stand-in.ts";
import { backUp } from "./transfer.ts";
import type { Volumes } from "./volumes.ts";

/**
 * Backups, made here or found in the store. Real: states, progress, that Completed is said before the store was read back and
 * `lastSyncedAt` set, that five tries without a snapshot end in Error, and that the data in the store goes with the object
 * unless its label says otherwise. Not real: the time to live of failed ones.
 */
export function runBackups(standIn: StandIn, volumes: Volumes): void {
  const { api, ordered } = standIn;
  const tries = new Map<string, number>();

  control<Backup>(api, pathOf("backups"), async (backup, gone) => {
    const { name, deletionTimestamp, labels = {} } = backup.metadata;
    const volume = labels["backup-volume"] ?? "";
    const target = labels["backup-target"] ?? "default";
    if (gone) return;
    if (deletionTimestamp !== undefined) return await remove(backup, volume, target);
    const { state = "", lastSyncedAt } = backup.status ?? {};
    if (state === "Error" || state === "Unknown") return;
    const wish = backup.spec.syncRequestedAt;
    const isStale = wish !== undefined && lastSyncedAt !== undefined && wish > lastSyncedAt;
    const isMadeHere = (backup.spec.snapshotName ?? "") !== "";
    if (state === "Completed" && lastSyncedAt !== undefined && !isStale) return;
    if (state === "Completed" || !isMadeHere)
      return await readBack(name, volume, target, isMadeHere && lastSyncedAt === undefined);
    return await make(backup, volume, target);
  });

  async function make(backup: Backup, volume: string, target: string): Promise<number | void> {
    const { name } = backup.metadata;
    const { snapshotName = "", labels = {} } = backup.spec;
    const tell = async (status: object) =>
      await patchStatus(api, "backups", name, { backupTargetName: target, ...status });
    const snapshot = await get<Snapshot>(api, "snapshots", snapshotName);
    const { creationTime = "" } = snapshot?.status ?? {};
    if (creationTime === "") {
      const count = (tries.get(name) ?? 0) + 1;
      tries.set(name, count);
      const why = `snapshot ${snapshotName} of volume ${volume} is not there or not taken yet`;
      if (count < 6) return await tell({ state: "Pending", messages: { warning: why } }).then(() => 2_000);
      return await tell({ state: "Error", error: `failed to create backup: ${why}`, progress: 0 });
    }
    await tell({ state: "Pending", snapshotName, volumeName: volume });
    const letGo = await volumes.hold(volume, `backup ${name}`);
    let told = -1;
    const report = async (progress: number) => {
      const current = await get<Backup>(api, "backups", name);
      if (current === undefined || current.metadata.deletionTimestamp !== undefined) return false;
      if (progress !== told) await tell({ state: "InProgress", progress: (told = progress) });
      return true;
    };
    try {
      if (!(await report(0))) return;
      const { url, store } = await storeOf(standIn, target);
      const { size, storageClass } = await aboutVolume(volume);
      const what = {
        name,
        volume,
        size,
        storageClass,
        snapshot: snapshotName,
        snapshotCreatedAt: creationTime,
        labels,
      };
      await backUp(standIn, store, what, report);
      if (!(await report(99))) return;
      const done = { state: "Completed", progress: 100, error: "", url: backupUrl(url, name, volume) };
      await tell({ ...done, snapshotCreatedAt: creationTime });
    } catch (error) {
      await tell({ state: "Error", error: String(error), messages: { error: String(error) } });
    } finally {
      letGo();
    }
  }

  async function aboutVolume(name: string): Promise<{ size: string; storageClass: string }> {
    const volume = await get<Volume>(api, "volumes", name);
    const { pvName = "" } = volume?.status?.kubernetesStatus ?? {};
    const path = `/api/v1/persistentvolumes/${pvName}`;
    const pv = pvName === "" ? undefined : await api.call<{ spec: { storageClassName?: string } }>("GET", path);
    return { size: volume?.spec.size ?? "0", storageClass: pv?.spec.storageClassName ?? "" };
  }

  /** What the store says of it becomes what the object says. */
  async function readBack(name: string, volume: string, target: string, isNew = false): Promise<number | void> {
    // The moment in which Completed is all that is known.
    await sleep(500);
    const { url, store } = await storeOf(standIn, target);
    const read = await Promise.all([store.backup(volume, name), store.volume(volume)]).catch((error: unknown) =>
      String(error),
    );
    if (typeof read === "string") {
      await patchStatus(api, "backups", name, { messages: { error: read } });
      return 5_000;
    }
    const [config, about] = read;
    // Before anybody can have seen that it is whole.
    if (isNew) await damage(volume, target, name);
    await patchStatus(api, "backups", name, {
      state: "Completed",
      progress: 100,
      backupTargetName: target,
      url: backupUrl(url, name, volume),
      snapshotName: config.SnapshotName,
      snapshotCreatedAt: config.SnapshotCreatedAt,
      backupCreatedAt: config.CreatedTime,
      size: config.Size,
      labels: config.Labels,
      messages: null,
      volumeName: volume,
      volumeSize: about.Size,
      volumeCreated: about.CreatedTime,
      volumeBackingImageName: "",
      compressionMethod: config.CompressionMethod,
      newlyUploadDataSize: config.NewlyUploadedDataSize,
      reUploadedDataSize: config.ReUploadedDataSize,
      lastSyncedAt: now(),
    });
    if ((await get<BackupVolume>(api, "backupvolumes", backupVolumeName(volume, target))) === undefined)
      await requestSync(api, "backuptargets", target);
    else await requestSync(api, "backupvolumes", backupVolumeName(volume, target));
  }

  async function remove(backup: Backup, volume: string, target: string): Promise<void> {
    const { name, labels = {} } = backup.metadata;
    await patchStatus(api, "backups", name, { state: "Deleting" });
    if (!("longhorn.io/delete-custom-resource-only" in labels)) {
      const found = await storeOf(standIn, target).catch(() => undefined);
      await found?.store.removeBackup(volume, name);
    }
    await release(api, "backups", backup);
  }

  /** Nothing here notices it. */
  async function damage(volume: string, target: string, name: string): Promise<void> {
    const { store } = await storeOf(standIn, target);
    const keys = async () => {
      const last = (await store.backup(volume, name)).Blocks.at(-1);
      return { config: store.keys.backup(volume, name), block: store.keys.block(volume, last?.BlockChecksum ?? "") };
    };
    for (const part of ["config", "block"] as const) {
      if (await ordered(`backup-${part}-missing`, volume)) await store.remove([(await keys())[part]]);
      if (!(await ordered(`backup-${part}-truncated`, volume))) continue;
      const key = (await keys())[part];
      const whole = await store.read(key);
      await store.write(key, whole.subarray(0, Math.floor(whole.length / 2)));
    }
  }
}
