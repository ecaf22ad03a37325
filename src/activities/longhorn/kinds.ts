import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";

/** Longhorn's kinds, and those of Kubernetes around a volume. */

/** Where all of Longhorn's objects are. */
export const longhornNamespace = "longhorn-system";
export const longhornVersion = "longhorn.io/v1beta2";
export const driver = "driver.longhorn.io";

const longhorn = (kind: string, plural: string): Kind => ({
  group: "longhorn.io",
  version: "v1beta2",
  kind,
  plural,
  namespaced: true,
});
const core = (kind: string, plural: string): Kind => ({ group: "", version: "v1", kind, plural, namespaced: true });

export const volumes = longhorn("Volume", "volumes");
export const engines = longhorn("Engine", "engines");
export const snapshots = longhorn("Snapshot", "snapshots");
export const backups = longhorn("Backup", "backups");
export const backupVolumes = longhorn("BackupVolume", "backupvolumes");
export const backupTargets = longhorn("BackupTarget", "backuptargets");
export const claims = core("PersistentVolumeClaim", "persistentvolumeclaims");
export const pods = core("Pod", "pods");

/** Every object of ours bears the run's short name: nothing else is ever removed. */
export const runLabel = "firedrill/run";

type Fields = Record<string, unknown>;

export const specOf = ({ spec }: KubernetesObject): Fields => spec ?? {};
export const statusOf = ({ status }: KubernetesObject): Fields => status ?? {};

/** A field that is a text; empty where it is not there. */
export function textIn(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" ? value : "";
}

/** Name of the volume that was backed up; one that is not read yet tells it by its label alone. */
export function volumeIn(backup: KubernetesObject): string {
  return textIn(statusOf(backup), "volumeName") || (backup.metadata.labels?.["backup-volume"] ?? "");
}
