/**
 * Programs of the lab that are built from Go modules, pinned in `lab/go/<module>/`. Packages of distributions are too old, or
 * there are none.
 */
export interface GoModule {
  /** Program by program, the package that is built; of several, each program has the name of its package. */
  programs: Record<string, string>;
  /** What the linker writes into them: Kubernetes says v0.0.0 otherwise. */
  stamp?: Record<string, string>;
  /** Directories with custom resource definitions, below the module's own. */
  definitions?: { module: string; directory: string };
}

const kubernetes = "v1.34.4";

const versionOfKubernetes = {
  "k8s.io/component-base/version.gitVersion": kubernetes,
  "k8s.io/component-base/version.gitMajor": "1",
  "k8s.io/component-base/version.gitMinor": "34",
};

/** In the order of building: the cluster first, then what runs on it. */
export const goModules = {
  kubernetes: {
    programs: Object.fromEntries(
      ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl"].map(
        (name) => [name, `k8s.io/kubernetes/cmd/${name}`],
      ),
    ),
    stamp: versionOfKubernetes,
  },
  etcd: { programs: { etcd: "." } },
  coredns: { programs: { coredns: "github.com/coredns/coredns" } },
  "source-controller": {
    programs: { "source-controller": "github.com/fluxcd/source-controller" },
    definitions: { module: "github.com/fluxcd/source-controller", directory: "config/crd/bases" },
  },
  "kustomize-controller": {
    programs: { "kustomize-controller": "github.com/fluxcd/kustomize-controller" },
    definitions: { module: "github.com/fluxcd/kustomize-controller", directory: "config/crd/bases" },
  },
  argocd: {
    programs: { argocd: "github.com/argoproj/argo-cd/v3/cmd" },
    definitions: { module: "github.com/argoproj/argo-cd/v3", directory: "manifests/crds" },
  },
} satisfies Record<string, GoModule>;

export type GoModuleName = keyof typeof goModules;
