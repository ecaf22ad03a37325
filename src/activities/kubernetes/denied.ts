import { existsSync, readFileSync } from "node:fs";

/** Namespaces that a cluster cannot do without, or without which nothing would bring the others back. */
const never: [shape: RegExp, why: string][] = [
  [/^kube-|^default$/, "the cluster cannot work without it"],
  [/^(flux-system|argocd|argo-cd|openshift-gitops)$/, "it holds what rebuilds all others"],
  [/^(longhorn-system|rook-ceph|openebs|velero)$/, "backups and volumes are deleted together with it"],
  [/^(temporal|firedrill)$/, "runs are conducted from it"],
];

/** Where Kubernetes tells a pod its own namespace. */
const ownNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** Why a namespace may never be deleted, null where it may. */
export function deniedReason(namespace: string): string | null {
  const own = existsSync(ownNamespaceFile) ? readFileSync(ownNamespaceFile, "utf8").trim() : undefined;
  if (namespace === own) return "this worker runs in it";
  return never.find(([shape]) => shape.test(namespace))?.[1] ?? null;
}
