import type { Api, KubernetesObject } from "../operators/api.ts";

/** What the stand-in reads of Longhorn's objects. All of them live in one namespace. */

export const namespace = "longhorn-system";
export const driver = "driver.longhorn.io";
/** Who holds the object until its data is gone. */
export const finalizer = "longhorn.io";
/** The lab's clusters have one node. */
export const node = "localhost";

const group = `/apis/longhorn.io/v1beta2/namespaces/${namespace}`;

export type Plural =
  | "volumes"
  | "engines"
  | "replicas"
  | "snapshots"
  | "backups"
  | "backupvolumes"
  | "backuptargets"
  | "settings"
  | "nodes"
  | "engineimages";

export interface Condition {
  type: string;
  status: "True" | "False";
  reason: string;
  message: string;
  lastProbeTime: string;
  lastTransitionTime: string;
}

export interface Volume extends KubernetesObject {
  spec: {
    size: string;
    fromBackup?: string;
    numberOfReplicas: number;
    accessMode: string;
    encrypted?: boolean;
    backupTargetName: string;
  };
  status?: {
    state?: string;
    robustness?: string;
    restoreRequired?: boolean;
    restoreInitiated?: boolean;
    currentNodeID?: string;
    kubernetesStatus?: { pvName?: string; pvcName?: string; namespace?: string; pvStatus?: string };
    conditions?: Condition[];
  };
}

export interface Snapshot extends KubernetesObject {
  spec: { volume: string; createSnapshot?: boolean; labels?: Record<string, string> };
  status?: { creationTime?: string; readyToUse?: boolean; error?: string };
}

export interface Backup extends KubernetesObject {
  spec: { snapshotName?: string; labels?: Record<string, string>; syncRequestedAt?: string };
  status?: { state?: string; error?: string; url?: string; lastSyncedAt?: string };
}

export interface BackupVolume extends KubernetesObject {
  spec: { backupTargetName: string; volumeName: string; syncRequestedAt?: string };
  status?: { lastBackupName?: string; lastSyncedAt?: string };
}

export interface BackupTarget extends KubernetesObject {
  spec: { backupTargetURL?: string; credentialSecret?: string; pollInterval?: string; syncRequestedAt?: string };
  status?: { available?: boolean; lastSyncedAt?: string; conditions?: Condition[] };
}

export function pathOf(plural: Plural, name?: string): string {
  return name === undefined ? `${group}/${plural}` : `${group}/${plural}/${name}`;
}

export async function get<T>(api: Api, plural: Plural, name: string): Promise<T | undefined> {
  return await api.call<T>("GET", pathOf(plural, name));
}

const kinds: Record<Plural, string> = {
  volumes: "Volume",
  engines: "Engine",
  replicas: "Replica",
  snapshots: "Snapshot",
  backups: "Backup",
  backupvolumes: "BackupVolume",
  backuptargets: "BackupTarget",
  settings: "Setting",
  nodes: "Node",
  engineimages: "EngineImage",
};

/** Makes an object, unless it is there. */
export async function create(api: Api, plural: Plural, name: string, body: Record<string, unknown>): Promise<void> {
  if ((await get(api, plural, name)) !== undefined) return;
  const { metadata, ...rest } = body as { metadata?: object };
  const object = { apiVersion: "longhorn.io/v1beta2", kind: kinds[plural], metadata: { ...metadata, name }, ...rest };
  await api.call("POST", pathOf(plural), object);
}

/** What is not named stays. An object that is gone meanwhile needs no status. */
export async function patchStatus(api: Api, plural: Plural, name: string, status: object): Promise<void> {
  await api.call("PATCH", `${pathOf(plural, name)}/status`, { status });
}

/** Lets go of an object that is being deleted. */
export async function release(api: Api, plural: Plural, { metadata }: KubernetesObject): Promise<void> {
  await api.call("PATCH", pathOf(plural, metadata.name), { metadata: { finalizers: null } });
}

export function ownedBy(volume: Volume): object[] {
  const { name, uid } = volume.metadata;
  return [{ apiVersion: "longhorn.io/v1beta2", kind: "Volume", name, uid, blockOwnerDeletion: true }];
}

/** As Kubernetes writes times: to the second. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+/, "");
}

/** The condition as it is now, in place of the one of its type. */
export function withCondition(
  before: Condition[] | undefined,
  type: string,
  status: "True" | "False",
  reason = "",
  message = "",
): Condition[] {
  const same = before?.find((one) => one.type === type && one.status === status);
  const changed = { type, status, reason, message, lastProbeTime: "", lastTransitionTime: now() };
  return [
    ...(before ?? []).filter((one) => one.type !== type),
    { ...changed, lastTransitionTime: same?.lastTransitionTime ?? changed.lastTransitionTime },
  ];
}
