import { type Answer, applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import type { Layout } from "../../lab/cluster/layout.ts";
import { findSandbox } from "../../lab/cluster/sandbox.ts";
import type { Built } from "../../lab/go-programs.ts";

/** What a test does with a cluster of that name, whichever one runs now. */
export interface Administrator {
  built: Built;
  /** @throws when none runs */
  layout: () => Promise<Layout>;
  ask: (...args: string[]) => Promise<Answer>;
  /** @throws what the API server says */
  apply: (manifests: string) => Promise<void>;
  /** @returns undefined where there is no such object */
  read: <T>(namespace: string, kind: string, name: string) => Promise<T | undefined>;
}

export function administrator(cluster: string, built: Built): Administrator {
  const layout = async () => {
    const found = await findSandbox(cluster);
    if (found === undefined) throw new Error(`the cluster ${cluster} does not run`);
    return found.layout;
  };
  const ask = async (...args: string[]) => await kubectl(await layout(), built, ...args);
  return {
    built,
    layout,
    ask,
    apply: async (manifests) => await applyManifests(await layout(), built, manifests),
    read: async <T>(namespace: string, kind: string, name: string) => {
      const { ok, output } = await ask("-n", namespace, "get", kind, name, "-o", "json");
      return ok ? (JSON.parse(output) as T) : undefined;
    },
  };
}

interface Backup {
  status: { state: string; url: string; lastSyncedAt?: string; error?: string; progress?: number };
}

/** By Longhorn's objects; returns when the Backup says that it ended, and was read back or failed. */
export async function backUpVolume(lab: Administrator, volume: string, name: string): Promise<Backup> {
  await requestBackup(lab, volume, name);
  let backup: Backup | undefined;
  await waitUntil(`backup ${name} ended`, 60_000, async () => {
    backup = await lab.read<Backup>("longhorn-system", "lhb", name);
    const { state = "", lastSyncedAt } = backup?.status ?? {};
    return state === "Error" || (state === "Completed" && lastSyncedAt !== undefined);
  });
  return backup!;
}

export async function requestBackup(lab: Administrator, volume: string, name: string): Promise<void> {
  const metadata = `{ name: ${name}, namespace: longhorn-system }`;
  await lab.apply(`
apiVersion: longhorn.io/v1beta2
kind: Snapshot
metadata: ${metadata}
spec: { volume: ${volume}, createSnapshot: true }
`);
  await waitUntil(`snapshot ${name} is taken`, 30_000, async () => {
    const found = await lab.read<{ status?: { creationTime?: string } }>("longhorn-system", "lhsnap", name);
    return (found?.status?.creationTime ?? "") !== "";
  });
  await lab.apply(`
apiVersion: longhorn.io/v1beta2
kind: Backup
metadata: ${metadata}
spec: { snapshotName: ${name}, labels: { test: ${name} } }
`);
}

export interface LonghornVolume {
  spec: { size: string; numberOfReplicas: number; accessMode: string };
  status?: { state?: string; robustness?: string; restoreInitiated?: boolean; restoreRequired?: boolean };
}

/** A Volume, a PersistentVolume and a claim of one name in a namespace, from a backup's URL. Does not wait. */
export async function requestRestore(lab: Administrator, name: string, url: string, namespace: string): Promise<void> {
  await lab.apply(`
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: { name: ${name}, namespace: longhorn-system }
spec: { size: "1", fromBackup: "${url}", frontend: blockdev }
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: ${name} }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: longhorn
  claimRef: { apiVersion: v1, kind: PersistentVolumeClaim, namespace: ${namespace}, name: ${name} }
  csi: { driver: driver.longhorn.io, fsType: ext4, volumeHandle: ${name} }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name}, namespace: ${namespace} }
spec: { storageClassName: longhorn, volumeName: ${name}, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: reader, image: "localhost/busybox:1", command: [sleep, infinity], volumeMounts: [{ name: data, mountPath: /data }] }
  volumes: [{ name: data, persistentVolumeClaim: { claimName: ${name} } }]
`);
}
