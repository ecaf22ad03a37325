import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { driver } from "./kinds.ts";

/**
 * What a StorageClass says of the volumes that were made by it. A backup does not say whether its volume was encrypted, nor
 * where the key is: of a volume that is gone the class is all there is to know it by.
 */

const storageClasses: Kind = {
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  namespaced: false,
};

/** Of a volume as it is in Longhorn and in Kubernetes, in the fields of their specs. */
export interface ClassSays {
  parameters: { numberOfReplicas: number; encrypted: boolean; [key: string]: unknown };
  csi: Record<string, unknown>;
  mountOptions?: string[];
}

/** Whose secrets are meant, where the class says it by a template. */
export interface Whose {
  namespace: string;
  claim: string;
  /** PersistentVolume for which they were made. */
  pv: string;
}

/** Undefined where there is none of that name, or where it is not one of Longhorn's. */
export async function findClass(cluster: Cluster, name: string): Promise<KubernetesObject | undefined> {
  const found = await cluster.get(storageClasses, name);
  return found?.["provisioner"] === driver ? found : undefined;
}

const prefix = "csi.storage.k8s.io/";

/** Which parameters name which secret of a PersistentVolume. */
const secretRefs: Record<string, string> = {
  "controller-publish": "controllerPublishSecretRef",
  "controller-expand": "controllerExpandSecretRef",
  "node-stage": "nodeStageSecretRef",
  "node-publish": "nodePublishSecretRef",
  "node-expand": "nodeExpandSecretRef",
};

/**
 * Pure. @param storageClass undefined: what Longhorn does by default
 * @throws RECOVERY_FAILED where a secret has its name from something that is gone with the claim
 */
export function classSays(storageClass: KubernetesObject | undefined, whose: Whose): ClassSays {
  const parameters = (storageClass?.["parameters"] ?? {}) as Record<string, string>;
  const { encrypted = "" } = parameters;
  const mountOptions = storageClass?.["mountOptions"] as string[] | undefined;
  const refs = Object.entries(secretRefs).flatMap(([use, field]) => {
    const name = parameters[`${prefix}${use}-secret-name`] ?? "";
    const namespace = parameters[`${prefix}${use}-secret-namespace`] ?? "";
    return name === "" ? [] : [[field, { name: resolved(name, whose), namespace: resolved(namespace, whose) }]];
  });
  return {
    parameters: {
      // 0: as many as Longhorn makes by default.
      numberOfReplicas: wholeNumber(parameters["numberOfReplicas"]),
      ...kept(parameters),
      // What Go reads as true.
      encrypted: /^(1|t|true)$/i.test(encrypted),
    },
    csi: { fsType: fsTypeIn(parameters), ...(Object.fromEntries(refs) as object) },
    ...(mountOptions !== undefined && { mountOptions }),
  };
}

/** By the same names in a Volume, where the class says anything of it; selectors are lists of tags (Longhorn, "Storage Class Parameters"). */
function kept(parameters: Record<string, string>): Record<string, unknown> {
  const staleReplicaTimeout = wholeNumber(parameters["staleReplicaTimeout"]);
  const texts = ["dataLocality", "dataEngine", "backupTargetName"].map((key) => [key, parameters[key] ?? ""] as const);
  const lists = ["diskSelector", "nodeSelector"].map((key) => [key, tagsIn(parameters[key] ?? "")] as const);
  return {
    ...(staleReplicaTimeout > 0 && { staleReplicaTimeout }),
    ...Object.fromEntries(texts.filter(([, text]) => text !== "")),
    ...Object.fromEntries(lists.filter(([, tags]) => tags.length > 0)),
  };
}

function tagsIn(text: string): string[] {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

/** 0 where it is none above that. */
function wholeNumber(text = "0"): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : 0;
}

/** Kubernetes reads the older key in any spelling. */
function fsTypeIn(parameters: Record<string, string>): string {
  const older = Object.keys(parameters).find((key) => key.toLowerCase() === "fstype") ?? "";
  return parameters[`${prefix}fstype`] ?? parameters[older] ?? "ext4";
}

function resolved(text: string, { namespace, claim, pv }: Whose): string {
  const known: Record<string, string> = { "pvc.namespace": namespace, "pvc.name": claim, "pv.name": pv };
  return text.replaceAll(/\$\{([^}]*)\}/g, (template, key: string) => {
    const value = known[key];
    if (value !== undefined) return value;
    throw fail(
      "RECOVERY_FAILED",
      `the secret of claim ${namespace}/${claim} is named by its StorageClass as ${template}, which is gone with the claim`,
      "Restore this volume by hand: make the Volume from the backup with `encrypted: true`, and a PersistentVolume with the secrets that the claim had.",
    );
  });
}
