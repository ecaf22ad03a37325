import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "../operators/api.ts";
import { control } from "./control.ts";
import { create, driver, get, now, patchStatus, pathOf, type Volume } from "./objects.ts";
import type { StandIn } from "./stand-in.ts";

/**
 * Claims and volumes of Kubernetes: a claim of a StorageClass of Longhorn's becomes a Volume and a PersistentVolume, and a
 * Volume knows who uses it. Real: names, parameters of the class, `csi` of the volume with its secrets, reclaim policies,
 * `kubernetesStatus`. Not real: expansion, snapshots as sources, `workloadsStatus`, Longhorn's finalizers on PersistentVolumes.
 */
interface Claim extends KubernetesObject {
  spec: {
    storageClassName?: string;
    volumeName?: string;
    volumeMode?: string;
    accessModes: string[];
    resources: { requests: { storage: string } };
  };
}

interface PersistentVolume extends KubernetesObject {
  spec: {
    persistentVolumeReclaimPolicy: string;
    csi?: { driver: string; volumeHandle: string };
    claimRef?: { namespace: string; name: string };
  };
  status?: { phase?: string };
}

interface StorageClass {
  reclaimPolicy: string;
  mountOptions?: string[];
  parameters?: Record<string, string>;
}

const volumesPath = "/api/v1/persistentvolumes";

export function runProvisioner({ api }: StandIn): void {
  control<Claim>(api, "/api/v1/persistentvolumeclaims", async (claim, gone) => {
    const { annotations = {}, name, namespace, uid } = claim.metadata;
    const { storageClassName, volumeName, volumeMode, accessModes, resources } = claim.spec;
    const provisioner = annotations["volume.kubernetes.io/storage-provisioner"];
    if (gone || provisioner !== driver || volumeName !== undefined) return;
    const path = `/apis/storage.k8s.io/v1/storageclasses/${storageClassName}`;
    const storageClass = await api.call<StorageClass>("GET", path);
    const volume = `pvc-${uid}`;
    if (storageClass === undefined || (await api.call("GET", `${volumesPath}/${volume}`)) !== undefined) return;
    const {
      numberOfReplicas = "3",
      staleReplicaTimeout = "30",
      dataLocality = "disabled",
      fsType = "ext4",
      encrypted = "false",
    } = storageClass.parameters ?? {};
    const size = String(bytes(resources.requests.storage));
    const accessMode = accessModes.includes("ReadWriteMany") ? "rwx" : "rwo";
    const replicas = { numberOfReplicas: Number(numberOfReplicas), staleReplicaTimeout: Number(staleReplicaTimeout) };
    await create(api, "volumes", volume, {
      spec: { size, frontend: "blockdev", accessMode, dataLocality, encrypted: encrypted === "true", ...replicas },
    });
    while ((await get<Volume>(api, "volumes", volume))?.status?.state !== "detached") await sleep(100);
    await api.call("POST", volumesPath, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume, annotations: { "pv.kubernetes.io/provisioned-by": driver } },
      spec: {
        capacity: { storage: resources.requests.storage },
        accessModes,
        volumeMode,
        mountOptions: storageClass.mountOptions,
        storageClassName,
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
        csi: {
          driver,
          fsType,
          volumeHandle: volume,
          ...secretsOf(storageClass, {
            "${pvc.name}": name,
            "${pvc.namespace}": namespace ?? "",
            "${pv.name}": volume,
          }),
          volumeAttributes: { numberOfReplicas, staleReplicaTimeout, dataLocality },
        },
      },
    });
  });

  control<PersistentVolume>(api, volumesPath, async (volume, gone) => {
    const { csi, claimRef, persistentVolumeReclaimPolicy } = volume.spec;
    if (csi?.driver !== driver) return;
    const { name, deletionTimestamp, annotations = {} } = volume.metadata;
    const phase = volume.status?.phase ?? "";
    const longhorn = await get<Volume>(api, "volumes", csi.volumeHandle);
    if (longhorn !== undefined) {
      const before = longhorn.status?.kubernetesStatus ?? {};
      const bound = phase === "Bound" ? { lastPVCRefAt: "" } : { lastPVCRefAt: now() };
      const claim = { namespace: claimRef?.namespace ?? "", pvcName: claimRef?.name ?? "" };
      const after = gone ? { pvName: "", pvStatus: "" } : { pvName: name, pvStatus: phase, ...claim, ...bound };
      if (before.pvName !== after.pvName || before.pvStatus !== after.pvStatus)
        await patchStatus(api, "volumes", csi.volumeHandle, { kubernetesStatus: after });
    }
    const isOurs = annotations["pv.kubernetes.io/provisioned-by"] === driver;
    if (gone || !isOurs || deletionTimestamp !== undefined) return;
    if (phase !== "Released" || persistentVolumeReclaimPolicy !== "Delete") return;
    await api.call("DELETE", pathOf("volumes", csi.volumeHandle));
    await api.call("DELETE", `${volumesPath}/${name}`);
  });
}

/** The secrets that the kubelet hands to the driver. @param values of templates */
function secretsOf({ parameters = {} }: StorageClass, values: Record<string, string>): object {
  const parameter = (use: string) =>
    Object.entries(values).reduce(
      (text, [template, value]) => text.replaceAll(template, value),
      parameters[`csi.storage.k8s.io/${use}`] ?? "",
    );
  const secret = (use: string) => ({ name: parameter(`${use}-name`), namespace: parameter(`${use}-namespace`) });
  const [nodeStageSecretRef, nodePublishSecretRef] = [secret("node-stage-secret"), secret("node-publish-secret")];
  return {
    ...(nodeStageSecretRef.name !== "" && { nodeStageSecretRef }),
    ...(nodePublishSecretRef.name !== "" && { nodePublishSecretRef }),
  };
}

const units: Record<string, number> = { "": 1, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** Of a quantity as Kubernetes writes sizes: `1Gi`. */
function bytes(quantity: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)(\w*)$/.exec(quantity) ?? [];
  return Math.ceil(Number(number) * (units[unit] ?? Number.NaN));
}
