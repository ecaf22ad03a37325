import type { KubernetesObject } from "../kubernetes/object.ts";
import { splitApiVersion } from "../kubernetes/paths.ts";
import { areAddresses } from "./bookkeeping.ts";
import { type Maker, secretMaker } from "./secret-makers.ts";

/** Who makes an object, and so whether it comes back after its namespace was deleted. */
export interface Origin {
  /**
   * `gitops`: Git holds it. `maker`: another object of the namespace stands for it, and it has a name to wait for.
   * `owner`: its owner makes it, under whatever name. `cluster`: every namespace has it. `nowhere`: it would be lost.
   */
  from: "gitops" | "maker" | "owner" | "cluster" | "nowhere";
  /** "Kustomization flux-system/apps", "StatefulSet/postgres"; empty where nobody does. */
  by: string;
  /** Its values are new each time, as a certificate's are. */
  generated: boolean;
}

/** @param managers what GitOps says that it holds, by "Kind/name" */
export function originOf(
  object: KubernetesObject,
  all: KubernetesObject[],
  managers: ReadonlyMap<string, string>,
): Origin {
  if (areAddresses(object, all)) return { from: "cluster", by: "the cluster", generated: true };
  const name = `${object.kind}/${object.metadata.name}`;
  const manager = managers.get(name);
  // The token in it is a new one each time.
  const generated = object["type"] === "kubernetes.io/service-account-token";
  if (manager !== undefined) return { from: "gitops", by: manager, generated };
  // The next installation counts its revisions anew.
  if (object["type"] === "helm.sh/release.v1" && isReleased(all, managers))
    return { from: "owner", by: "HelmRelease", generated: true };
  const maker = makerOf(object, all);
  if (maker !== undefined) return { from: "maker", ...maker };
  const owner = object.metadata.ownerReferences?.find(({ uid }) => all.some((one) => one.metadata.uid === uid));
  if (owner !== undefined) return { from: "owner", by: `${owner.kind}/${owner.name}`, generated: true };
  if (ofEveryNamespace(object)) return { from: "cluster", by: "the cluster", generated: true };
  return { from: "nowhere", by: "", generated: false };
}

/** A HelmRelease lies in the namespace, or one elsewhere holds something of it. */
function isReleased(all: KubernetesObject[], managers: ReadonlyMap<string, string>): boolean {
  return (
    all.some(({ kind }) => kind === "HelmRelease") || [...managers.values()].some((by) => by.startsWith("HelmRelease "))
  );
}

function ofEveryNamespace({ kind, metadata, type }: KubernetesObject): boolean {
  if (kind === "ServiceAccount") return metadata.name === "default";
  if (kind === "ConfigMap")
    return ["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"].includes(metadata.name);
  return (
    kind === "Secret" && type === "kubernetes.io/service-account-token" && metadata.name.startsWith("default-token-")
  );
}

/** Objects of a known name that another object of the namespace has made, with or without an owner reference. */
function makerOf(object: KubernetesObject, all: KubernetesObject[]): Maker | undefined {
  const { kind } = object;
  if (kind === "PersistentVolumeClaim") return claimMaker(object, all);
  if (kind !== "Secret") return undefined;
  return secretMaker(object, all);
}

/** A StatefulSet makes `<template>-<set>-<number>` and leaves no owner reference. */
function claimMaker({ metadata }: KubernetesObject, all: KubernetesObject[]): Maker | undefined {
  const [, stem] = /^(.+)-\d+$/.exec(metadata.name) ?? [];
  const set = all.find(
    (one) =>
      one.kind === "StatefulSet" &&
      splitApiVersion(one.apiVersion).group === "apps" &&
      ((one.spec?.["volumeClaimTemplates"] ?? []) as KubernetesObject[]).some(
        (template) => `${template.metadata.name}-${one.metadata.name}` === stem,
      ),
  );
  return set && { by: `StatefulSet/${set.metadata.name}`, generated: false };
}
