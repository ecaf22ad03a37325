import { type Answer, applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import type { Layout } from "../../lab/cluster/layout.ts";
import { findSandbox, removeSandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { longhornConfigs, longhornControllers, startLonghorn } from "../../lab/longhorn/install.ts";
import { backupPlace, ordersFile, type Services, servicesDown, servicesUp } from "../../lab/services/services.ts";
import { terminalTalk } from "../../lab/terminal.ts";

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

/** A cluster with Longhorn's stand-in, without Flux's layers, and the services that it backs up to. What was there is removed. */
export async function openLonghorn(name: string): Promise<Administrator & { services: Services }> {
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk())) as Built;
  await closeLonghorn(name);
  const services = await servicesUp(name, built);
  await startLonghorn(await clusterUp(name, built, () => undefined), ordersFile(services));
  const lab = administrator(name, built);
  await lab.apply(Object.values(longhornControllers()).join("---\n"));
  const rollout = ["-n", "longhorn-system", "rollout", "status", "daemonset/longhorn-manager", "--timeout=1s"];
  await waitUntil("Longhorn is ready", 120_000, async () => (await lab.ask(...rollout)).ok);
  await lab.apply(Object.values(longhornConfigs(backupPlace(services))).join("---\n"));
  await waitUntil("the backup target is available", 60_000, async () => {
    const target = await lab.read<{ status?: { lastSyncedAt?: string } }>("longhorn-system", "lhbt", "default");
    return target?.status?.lastSyncedAt !== undefined;
  });
  return { ...lab, services };
}

export async function closeLonghorn(name: string): Promise<void> {
  await removeSandbox(name);
  await servicesDown(name);
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
