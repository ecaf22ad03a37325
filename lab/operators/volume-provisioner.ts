import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { connect, type KubernetesObject, type Seen } from "./api.ts";

/**
 * Makes volumes for the lab's StorageClasses, each a folder of the node. Real: claims, volumes, annotations and reclaim policies,
 * as an external provisioner treats them. Not real: sizes are not kept to, and nothing is mounted but the folder itself.
 * Started as `node volume-provisioner.ts KUBECONFIG DIRECTORY`.
 */
const [kubeconfig = "", directory = ""] = process.argv.slice(2);
const provisioner = "lab.firedrill/local";

interface Claim extends KubernetesObject {
  spec: {
    storageClassName?: string;
    volumeName?: string;
    volumeMode?: string;
    accessModes: string[];
    resources: { requests: { storage: string } };
  };
}

interface Volume extends KubernetesObject {
  spec: { persistentVolumeReclaimPolicy: string };
  status?: { phase?: string };
}

interface StorageClass {
  reclaimPolicy: string;
  mountOptions?: string[];
}

const api = await connect(kubeconfig);
const volumes = "/api/v1/persistentvolumes";

async function provision(claim: Claim): Promise<void> {
  const { name, namespace, uid, annotations = {} } = claim.metadata;
  const { volumeName, storageClassName, volumeMode, accessModes, resources } = claim.spec;
  // The controller manager writes it when a volume is wanted: at once, or when a pod that uses the claim has found its node.
  if (annotations["volume.kubernetes.io/storage-provisioner"] !== provisioner || volumeName !== undefined) return;
  const storageClass = await api.call<StorageClass>(
    "GET",
    `/apis/storage.k8s.io/v1/storageclasses/${storageClassName}`,
  );
  const volume = `pvc-${uid}`;
  if (storageClass === undefined || (await api.call("GET", `${volumes}/${volume}`)) !== undefined) return;
  const path = join(directory, volume);
  await mkdir(path, { recursive: true });
  // Whoever a pod runs as.
  await chmod(path, 0o777);
  await api.call("POST", volumes, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volume, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      capacity: { storage: resources.requests.storage },
      accessModes,
      volumeMode,
      storageClassName,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      mountOptions: storageClass.mountOptions,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      hostPath: { path, type: "Directory" },
    },
  });
}

/** A volume that is kept stays Released, with its data. */
async function reclaim(volume: Volume): Promise<void> {
  const { name, annotations = {}, deletionTimestamp } = volume.metadata;
  if (annotations["pv.kubernetes.io/provisioned-by"] !== provisioner || deletionTimestamp !== undefined) return;
  if (volume.status?.phase !== "Released" || volume.spec.persistentVolumeReclaimPolicy !== "Delete") return;
  await rm(join(directory, name), { recursive: true, force: true });
  await api.call("DELETE", `${volumes}/${name}`);
}

/** An object that fails is looked at again when it changes, or when the API server was away. */
async function work<T>(all: AsyncGenerator<Seen<T>>, treat: (object: T) => Promise<void>): Promise<void> {
  for await (const { object, gone } of all)
    if (!gone) await treat(object).catch((error: unknown) => console.error(String(error)));
}

await Promise.all([
  work(api.follow<Claim>("/api/v1/persistentvolumeclaims"), provision),
  work(api.follow<Volume>(volumes), reclaim),
]);
