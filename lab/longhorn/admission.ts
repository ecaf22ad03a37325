import { createHash } from "node:crypto";
import type { Api, KubernetesObject } from "../operators/api.ts";
import { parseBackupUrl } from "./backup-store.ts";
import {
  type Backup,
  type BackupTarget,
  type BackupVolume,
  driver,
  finalizer,
  get,
  ownedBy,
  type Snapshot,
  type Volume,
} from "./objects.ts";
import { backupVolumeName } from "./sync.ts";

/**
 * What Longhorn's webhooks fill in and refuse, of what a drill can meet. Real: when, and the gist of the words. Not real: all
 * other checks (replica counts, selectors, sizes of disks, migration, data engine v2).
 */

interface Created extends KubernetesObject {
  spec: object;
}

/** @returns the object with what is filled in. @throws the refusal */
type Rule = (api: Api, object: Created) => Promise<Created>;

function withFinalizer(object: Created, labels: Record<string, string>): Created {
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, ...labels }, finalizers: [finalizer] };
  return { ...object, metadata };
}

const sizeOfDisk = 2 * 1024 * 1024;
const longest = 40;

/** Longer ones are cut, and told apart by a hash. */
function correctedName(name: string): string {
  if (name.length <= longest) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, longest - 9)}-${hash}`;
}

const createVolume: Rule = async (api, object) => {
  const volume = object as Volume;
  const { fromBackup = "", accessMode = "", numberOfReplicas = 0, ...spec } = volume.spec as Partial<Volume["spec"]>;
  const target = spec.backupTargetName ?? "default";
  const labels: Record<string, string> = { "backup-target": target };
  let [size, mode] = [Number(spec.size ?? 0), accessMode];
  if (fromBackup !== "") {
    const { backup: name, volume: source } = parseBackupUrl(fromBackup);
    const backupVolume = await get<BackupVolume>(api, "backupvolumes", backupVolumeName(source, target));
    if (backupVolume === undefined)
      throw new Error(`cannot get backup volume ${source} of backup target ${target}: not found`);
    const backup = await get<Backup & { status: { volumeSize?: string; labels?: Record<string, string> } }>(
      api,
      "backups",
      name,
    );
    if (backup === undefined) throw new Error(`cannot get backup ${name}: backup.longhorn.io "${name}" not found`);
    size = Number(backup.status?.volumeSize ?? Number.NaN);
    if (!(size > 0)) throw new Error(`get invalid size for volume ${backup.status?.volumeSize ?? ""}`);
    mode ||= backup.status.labels?.["longhorn.io/volume-access-mode"] ?? "rwo";
    labels["backup-volume"] = source;
  }
  const { frontend = "", Standby = false } = spec as { frontend?: string; Standby?: boolean };
  if (!Standby && !["blockdev", "iscsi", "nvmf", "ublk"].includes(frontend))
    throw new Error(`invalid volume frontend specified: ${frontend}`);
  const replicas = await get<{ value: string }>(api, "settings", "default-replica-count");
  const filled = {
    dataEngine: "v1",
    dataLocality: "disabled",
    encrypted: false,
    backupTargetName: target,
    image: "longhornio/longhorn-engine:stand-in",
    diskSelector: [],
    nodeSelector: [],
    replicaAutoBalance: "ignored",
    snapshotMaxCount: 250,
    backupCompressionMethod: "gzip",
    backupBlockSize: String(sizeOfDisk),
    ...spec,
    fromBackup,
    accessMode: mode || "rwo",
    numberOfReplicas: numberOfReplicas || Number(replicas?.value ?? 3),
    size: String(Math.ceil(size / sizeOfDisk) * sizeOfDisk),
  };
  const named = { ...volume, metadata: { ...volume.metadata, name: correctedName(volume.metadata.name) } };
  return withFinalizer({ ...named, spec: filled }, labels);
};

const createSnapshot: Rule = async (api, object) => {
  const snapshot = object as Snapshot;
  const { volume: name } = snapshot.spec;
  if (name === "") throw new Error("spec.volume is required");
  const volume = await get<Volume>(api, "volumes", name);
  if (volume === undefined) throw new Error(`failed to get volume ${name}: volume.longhorn.io "${name}" not found`);
  const filled = withFinalizer(snapshot, { longhornvolume: name });
  const owner = { ownerReferences: ownedBy(volume) };
  return { ...filled, metadata: { ...filled.metadata, ...owner } };
};

const createBackup: Rule = async (api, object) => {
  const backup = object as Backup;
  const { labels = {}, name } = backup.metadata;
  const { snapshotName = "" } = backup.spec;
  const snapshot = snapshotName === "" ? undefined : await get<Snapshot>(api, "snapshots", snapshotName);
  const source = labels["backup-volume"] ?? snapshot?.spec.volume;
  if (source === undefined) throw new Error(`cannot find the backup volume label for backup ${name}`);
  if (snapshot !== undefined && snapshot.spec.volume !== source)
    throw new Error(`backup volume label ${source} does not match the volume ${snapshot.spec.volume} of the snapshot`);
  const volume = await get<Volume>(api, "volumes", source);
  const own = volume?.spec.backupTargetName;
  const target = labels["backup-target"] ?? own ?? "default";
  if (own !== undefined && own !== target)
    throw new Error(`backup target ${target} does not match the backup target ${own} of volume ${source}`);
  // What comes out of the store was there before.
  if (snapshotName !== "") {
    const found = await get<BackupTarget>(api, "backuptargets", target);
    if ((found?.spec.backupTargetURL ?? "") === "") throw new Error(`backup target ${target} URL is empty`);
    if (found?.status?.available !== true) throw new Error(`backup target ${target} is not available`);
  }
  const mode = { "longhorn.io/volume-access-mode": volume?.spec.accessMode ?? "rwo" };
  const spec = { backupMode: "incremental", ...backup.spec, labels: { ...mode, ...backup.spec.labels } };
  return withFinalizer({ ...backup, spec }, { "backup-volume": source, "backup-target": target });
};

const createBackupVolume: Rule = async (_, one) => await Promise.resolve(withFinalizer(one, {}));

/** By the plural of what is created. */
export const rulesOfCreation: Record<string, Rule> = {
  volumes: createVolume,
  snapshots: createSnapshot,
  backups: createBackup,
  backupvolumes: createBackupVolume,
};

/** @throws the refusal of a change */
export function refuseChange(plural: string, before: { spec: unknown }, after: { spec: unknown }): void {
  if (plural === "snapshots" && (before as Snapshot).spec.volume !== (after as Snapshot).spec.volume)
    throw new Error("spec.volume field is immutable");
  if (plural !== "volumes") return;
  const [old, changed] = [(before as Volume).spec, (after as Volume).spec];
  if (Number(changed.size) < Number(old.size))
    throw new Error(`shrinking volume size from ${old.size} to ${changed.size} is not supported`);
}

/** @throws the refusal of a deletion */
export function refuseDeletion(plural: string, { metadata: { name } }: { metadata: { name: string } }): void {
  if (plural === "backuptargets" && name === "default")
    throw new Error(`cannot delete the default backup target; ${driver} needs it`);
}
