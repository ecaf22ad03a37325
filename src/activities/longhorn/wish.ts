import { fail } from "../../failures.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { RunRef } from "../verbs.ts";
import { keptParameters } from "./checks.ts";
import { backupVolumes, driver, longhornNamespace, longhornVersion, specOf, statusOf, textIn } from "./kinds.ts";
import type { KnownVolume } from "./known.ts";
import { classSays, findClass } from "./storage-class.ts";

/** The three objects that a restored volume will be. Pure, but for what a backup says of a volume that is gone. */
export interface Wish {
  volume: KubernetesObject;
  pv: KubernetesObject;
  claim: KubernetesObject;
  /** The StorageClass that the volume had, where it is not there to say how the volume was kept. */
  lostClass?: string;
}

/** What a person should know of a volume whose StorageClass is not there; empty otherwise. */
export function aboutClass({ lostClass }: Wish): string {
  if (lostClass === undefined) return "";
  return `; its StorageClass ${lostClass} is not there: restored as not encrypted, with as many replicas as Longhorn makes by default`;
}

/** Longhorn changes a longer name. */
const longestName = 40;

/** Name of the volume that is restored beside the live one. */
export function scratchName({ name }: LonghornComponent, { short }: Pick<RunRef, "short">): string {
  return `fd-${short}-${name}`.slice(0, longestName).replace(/-+$/, "");
}

export interface Names {
  volume: string;
  namespace: string;
  claim: string;
}

/** As it was, under these names. @param url of the backup @param size in bytes, as text */
export function wishLike(
  known: KnownVolume,
  names: Names,
  backup: { url: string; size: string },
  labels: Record<string, string>,
): Wish {
  const spec = specOf(known.volume);
  const parameters = Object.fromEntries(
    keptParameters.filter((key) => spec[key] !== undefined && spec[key] !== null).map((key) => [key, spec[key]]),
  );
  const isSame = known.claim?.metadata.name === names.claim && known.claim.metadata.namespace === names.namespace;
  return wishOf({
    names,
    backup,
    parameters,
    labels,
    pvSpec: known.pv === null ? {} : specOf(known.pv),
    // What selects a claim by its labels must not find the one beside it.
    claimLabels: isSame ? (known.claim?.metadata.labels ?? {}) : {},
    claimAnnotations: isSame ? (known.claim?.metadata.annotations ?? {}) : {},
    claimSpec: known.claim === null ? {} : specOf(known.claim),
  });
}

interface Parts {
  names: Names;
  backup: { url: string; size: string };
  parameters: Record<string, unknown>;
  labels: Record<string, string>;
  pvSpec: Record<string, unknown>;
  claimLabels: Record<string, string>;
  claimAnnotations: Record<string, string>;
  claimSpec: Record<string, unknown>;
}

/** Written by the API server and the controllers about the old claim. */
const ofOldClaim = /^(pv\.kubernetes\.io|volume\.(beta\.)?kubernetes\.io)\//;
const accessModes: Record<string, string> = { rwo: "ReadWriteOnce", rwop: "ReadWriteOncePod", rwx: "ReadWriteMany" };
/** Where Longhorn puts volumes that were not made for a claim. */
const staticClass = "longhorn-static";

function wishOf({ names, backup, parameters, labels, pvSpec, claimLabels, claimAnnotations, claimSpec }: Parts): Wish {
  const { volume, namespace, claim } = names;
  const storageClassName = claimSpec["storageClassName"] ?? pvSpec["storageClassName"] ?? staticClass;
  const modes = pvSpec["accessModes"] ??
    claimSpec["accessModes"] ?? [accessModes[textIn(parameters, "accessMode") || "rwo"]];
  const csi = (pvSpec["csi"] ?? { fsType: "ext4" }) as Record<string, unknown>;
  const annotations = Object.fromEntries(Object.entries(claimAnnotations).filter(([key]) => !ofOldClaim.test(key)));
  const requests = (claimSpec["resources"] as { requests?: { storage?: string } } | undefined)?.requests;
  return {
    volume: {
      apiVersion: longhornVersion,
      kind: "Volume",
      metadata: { name: volume, namespace: longhornNamespace, labels },
      // Neither the frontend nor the size is filled in by Longhorn; the size is a text of bytes.
      spec: { ...parameters, size: backup.size, fromBackup: backup.url, frontend: "blockdev" },
    },
    pv: {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volume, labels, annotations: { "pv.kubernetes.io/provisioned-by": driver } },
      spec: {
        accessModes: modes,
        capacity: { storage: backup.size },
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName,
        volumeMode: pvSpec["volumeMode"] ?? "Filesystem",
        ...(pvSpec["mountOptions"] !== undefined && { mountOptions: pvSpec["mountOptions"] }),
        // Without a uid it waits for a claim of that name, whoever makes it, and for no other.
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: claim },
        csi: { ...csi, driver, volumeHandle: volume },
      },
    },
    claim: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: claim, namespace, labels: { ...claimLabels, ...labels }, annotations },
      spec: {
        accessModes: claimSpec["accessModes"] ?? modes,
        resources: { requests: requests ?? { storage: backup.size } },
        storageClassName,
        ...(claimSpec["volumeMode"] !== undefined && { volumeMode: claimSpec["volumeMode"] }),
        volumeName: volume,
      },
    },
  };
}

/**
 * Of a volume that is gone with its cluster: by what Longhorn keeps of it in the store, and by the StorageClass that it had.
 * @throws NO_BACKUP, and as classSays
 */
export async function wishFromBackup(
  cluster: Cluster,
  backup: KubernetesObject,
  source: string,
  names: Names,
  labels: Record<string, string>,
): Promise<Wish> {
  const { objects } = await cluster.list(backupVolumes, { namespace: longhornNamespace });
  const about = objects.find((one) => textIn(specOf(one), "volumeName") === source || one.metadata.name === source);
  const status = statusOf(backup);
  const [url, size] = [textIn(status, "url"), textIn(status, "volumeSize")];
  if (about === undefined) throw fail("NO_BACKUP", `Longhorn knows no volume ${source} in its store`);
  const said = { ...(statusOf(about)["labels"] as object), ...(status["labels"] as object) } as Record<string, string>;
  const accessMode = said["longhorn.io/volume-access-mode"] ?? "rwo";
  const storageClassName = textIn(statusOf(about), "storageClassName") || staticClass;
  // The key is still that of the volume that was backed up, whose PersistentVolume bears its name.
  const whose = { namespace: names.namespace, claim: names.claim, pv: source };
  const storageClass = await findClass(cluster, storageClassName);
  const { parameters, ...pvSpec } = classSays(storageClass, whose);
  const wish = wishOf({
    names,
    backup: { url, size },
    parameters: { ...parameters, accessMode },
    labels,
    pvSpec: { ...pvSpec, storageClassName },
    claimLabels: {},
    claimAnnotations: {},
    claimSpec: {},
  });
  const isLost = storageClass === undefined && storageClassName !== staticClass;
  return isLost ? { ...wish, lostClass: storageClassName } : wish;
}
