import { existsSync, readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import type { KubernetesObject } from "./object.ts";

const conducting = /^(temporal|firedrill)$/;

/** Namespaces that a cluster cannot do without, or without which nothing would bring the others back. */
const never: [shape: RegExp, why: string][] = [
  [/^kube-|^default$/, "the cluster cannot work without it"],
  [/^(flux-system|argocd|argo-cd|openshift-gitops)$/, "it holds what rebuilds all others"],
  [/^(longhorn-system|rook-ceph|openebs|velero)$/, "backups and volumes are deleted together with it"],
  [conducting, "runs are conducted from it"],
];

/** Where this worker runs. */
interface Self {
  /** Undefined where it runs in no pod, or Kubernetes does not tell it. */
  namespace: string | undefined;
  hostname: string;
  addresses: string[];
}

/** Where Kubernetes tells a pod its own namespace. */
const ownNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

function whoAmI(): Self {
  return {
    namespace: existsSync(ownNamespaceFile) ? readFileSync(ownNamespaceFile, "utf8").trim() : undefined,
    hostname: hostname(),
    addresses: Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
  };
}

/** Why a namespace may never be deleted, null where it may. @param objects all of it */
export function deniedReason(namespace: string, objects: KubernetesObject[], self = whoAmI()): string | null {
  if (namespace === self.namespace) return "this worker runs in it";
  const pod = objects.find((one) => one.kind === "Pod" && isSelf(one, self));
  if (pod !== undefined) return `this worker runs in it, as Pod/${pod.metadata.name}`;
  return never.find(([shape]) => shape.test(namespace))?.[1] ?? null;
}

/** A pod need not be told its namespace; its name is its hostname, and other clusters may have pods of the same address. */
function isSelf({ metadata, spec, status }: KubernetesObject, { hostname: own, addresses }: Self): boolean {
  const { podIPs = [] } = (status ?? {}) as { podIPs?: { ip?: string }[] };
  return (spec?.["hostname"] ?? metadata.name) === own && podIPs.some(({ ip = "" }) => addresses.includes(ip));
}

/** A run would end its own worker, or the server that it needs. */
export function conductsRuns(namespace: string): boolean {
  return conducting.test(namespace) || namespace === whoAmI().namespace;
}
