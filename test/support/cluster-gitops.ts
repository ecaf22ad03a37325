import type { Layout } from "../../lab/cluster/layout.ts";
import { repositoryUrl } from "../../lab/gitops/repository.ts";

/** How the files of `exampleApp` get into a cluster, by either tool. The repository has the namespace's name. */

/**
 * Layers by `dependsOn`, as Flux has them: `NAMESPACE-infrastructure`, then `NAMESPACE-apps`.
 * @param interval after which Flux looks by itself
 */
export function fluxManifests(layout: Layout, namespace: string, interval = "10m"): string {
  const layer = (name: string, after: string) => `
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${namespace}-${name}, namespace: flux-system }
spec:
  sourceRef: { kind: GitRepository, name: ${namespace} }
  path: ./${name}
  prune: true
  wait: true
  interval: ${interval}
  retryInterval: 5s
  timeout: 2m${after === "" ? "" : `\n  dependsOn: [{ name: ${namespace}-${after} }]`}
`;
  return `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: ${namespace}, namespace: flux-system }
spec: { url: "${repositoryUrl(layout, namespace)}", ref: { branch: main }, interval: 10m }
${layer("infrastructure", "")}${layer("apps", "infrastructure")}`;
}

/** One Application with all of it, that puts right by itself what differs. */
export function argoCdManifests(layout: Layout, namespace: string): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${namespace}, namespace: argocd }
spec:
  project: default
  source: { repoURL: "${repositoryUrl(layout, namespace)}", targetRevision: main, path: ., directory: { recurse: true } }
  destination: { name: in-cluster, namespace: ${namespace} }
  syncPolicy: { automated: { prune: true, selfHeal: true } }
`;
}
