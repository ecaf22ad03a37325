import type { KubernetesObject } from "../kubernetes/object.ts";

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

/** Kinds that the cluster keeps about others; nobody misses them. */
export const bookkeeping = new Set([
  "Event",
  "Endpoints",
  "EndpointSlice",
  "Lease",
  "ControllerRevision",
  "PodMetrics",
  "CiliumEndpoint",
  "PolicyReport",
  "EphemeralReport",
  "VerticalPodAutoscalerCheckpoint",
]);

/** @param managers what GitOps says that it holds, by "Kind/name" */
export function originOf(
  object: KubernetesObject,
  all: KubernetesObject[],
  managers: ReadonlyMap<string, string>,
): Origin {
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

type Maker = Pick<Origin, "by" | "generated">;

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
      ((one.spec?.["volumeClaimTemplates"] ?? []) as KubernetesObject[]).some(
        (template) => `${template.metadata.name}-${one.metadata.name}` === stem,
      ),
  );
  return set && { by: `StatefulSet/${set.metadata.name}`, generated: false };
}

/** What in a custom resource names the Secret that its operator writes, and whether the values are new each time. */
const secretMakers: Record<string, { named: (one: KubernetesObject) => (string | undefined)[]; generated: boolean }> = {
  InfisicalSecret: {
    named: ({ spec }) => [
      text(spec, "managedSecretReference", "secretName"),
      ...((spec?.["managedKubeSecretReferences"] ?? []) as object[]).map((one) => text(one, "secretName")),
    ],
    generated: false,
  },
  InfisicalStaticSecret: { named: ({ spec }) => [text(spec, "target", "name")], generated: false },
  ExternalSecret: { named: ({ spec, metadata }) => [text(spec, "target", "name") ?? metadata.name], generated: false },
  SealedSecret: {
    named: ({ spec, metadata }) => [text(spec, "template", "metadata", "name") ?? metadata.name],
    generated: false,
  },
  VaultStaticSecret: { named: ({ spec }) => [text(spec, "destination", "name")], generated: false },
  OnePasswordItem: { named: ({ metadata }) => [metadata.name], generated: false },
  Certificate: { named: ({ spec }) => [text(spec, "secretName")], generated: true },
  Issuer: { named: ({ spec }) => [text(spec, "acme", "privateKeySecretRef", "name")], generated: true },
  Cluster: {
    named: ({ metadata: { name } }) =>
      ["app", "superuser", "ca", "server", "replication"].map((end) => `${name}-${end}`),
    generated: true,
  },
  ServiceAccount: { named: ({ metadata }) => [`${metadata.name}-dockercfg`], generated: true },
};

function secretMaker({ metadata }: KubernetesObject, all: KubernetesObject[]): Maker | undefined {
  const maker = all.find((one) => secretMakers[one.kind]?.named(one).includes(metadata.name));
  if (maker !== undefined)
    return { by: `${maker.kind}/${maker.metadata.name}`, generated: secretMakers[maker.kind]!.generated };
  const ingress = all.find((one) => one.kind === "Ingress" && isIssued(one) && tlsSecrets(one).includes(metadata.name));
  return ingress && { by: `Ingress/${ingress.metadata.name}`, generated: true };
}

function isIssued({ metadata }: KubernetesObject): boolean {
  return Object.keys(metadata.annotations ?? {}).some((key) => /^cert-manager\.io\/(cluster-)?issuer$/.test(key));
}

function tlsSecrets({ spec }: KubernetesObject): (string | undefined)[] {
  return ((spec?.["tls"] ?? []) as object[]).map((one) => text(one, "secretName"));
}

/** The text at a path of an object, undefined where there is none. */
function text(from: unknown, ...path: string[]): string | undefined {
  let at = from;
  for (const key of path) at = (at as Record<string, unknown> | undefined)?.[key];
  return typeof at === "string" ? at : undefined;
}
