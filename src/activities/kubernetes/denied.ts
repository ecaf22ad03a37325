import { existsSync, readFileSync } from "node:fs";

const conducting = /^(temporal|firedrill)$/;

/** Namespaces that a cluster cannot do without, or without which nothing would bring the others back. */
const never: [shape: RegExp, why: string][] = [
  [/^kube-|^default$/, "the cluster cannot work without it"],
  [/^(flux-system|argocd|argo-cd|openshift-gitops)$/, "it holds what rebuilds all others"],
  [/^(longhorn-system|rook-ceph|openebs|velero)$/, "backups and volumes are deleted together with it"],
  [conducting, "runs are conducted from it"],
];

/** Where Kubernetes tells a pod its own namespace. */
const ownNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Why a namespace, and what is in it, may never be taken away; null where it may. */
export function deniedReason(namespace: string): string | null {
  if (namespace === ownNamespace()) return "this worker runs in it";
  return never.find(([shape]) => shape.test(namespace))?.[1] ?? null;
}

function ownNamespace(): string | undefined {
  return existsSync(ownNamespaceFile) ? readFileSync(ownNamespaceFile, "utf8").trim() : undefined;
}

/** A run would end its own worker, or the server that it needs. */
export function conductsRuns(namespace: string): boolean {
  return conducting.test(namespace) || namespace === ownNamespace();
}
