import { skipReconcile } from "../../src/activities/kubernetes/gitops-hold.ts";
import { dataLayers, type Layer, layers } from "./contents.ts";

/**
 * Argo CD's own objects: an Application for each layer. None waits for another one: what cannot be applied yet is tried again. The
 * ones with data are made with the annotation by which Argo CD leaves them alone, so that nothing can be faster than who holds them
 * back: whoever has restored the data takes it away.
 * @param held false: they begin at once, as where nobody has thought of it
 */
export function argoCdBootstrap(repository: string, held = true): string {
  const application = (name: Layer) => `---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}
  namespace: argocd
  annotations: ${JSON.stringify(held && dataLayers.includes(name) ? { [skipReconcile]: "true" } : {})}
spec:
  project: default
  source:
    repoURL: "${repository}"
    targetRevision: main
    path: ${name}
    directory: { recurse: true, exclude: "*kustomization.yaml" }
  destination: { name: in-cluster, namespace: default }
  syncPolicy:
    automated: { prune: true, selfHeal: true }
    # For ever, as a commit whose tries are used up is not tried again; and with what is in Git by then.
    retry: { limit: -1, refresh: true, backoff: { duration: 2s, factor: 1, maxDuration: 10s } }
`;
  return layers.map(application).join("");
}
