/** Tests that can only run on clusters of the lab, or on none, and why: with FIREDRILL_E2E_KUBECONFIG they are left out. */
export const ownClusterOnly: Record<string, string> = {
  "test/cluster/cluster.test.ts": "it is the lab itself that is tested",
  "test/cluster/checks.test.ts": "its Ingress has its address from the lab's controller",
  "test/cluster/lab-app.test.ts": "it is the lab's stand-ins that are tested",
  "test/cluster/faults.test.ts": "its faults are of the whole cluster: no default StorageClass, a registry on the node",
  "test/cluster/homelab.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/cluster/homelab-lost.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/cluster/infrastructure-again.test.ts": "it has no cluster: its layers are lines in a log of this machine",
  "test/cluster/infrastructure.test.ts": "it has no cluster: its layers are lines in a log of this machine",
  "test/cluster/infrastructure-doctor.test.ts": "it has no cluster: its layers are files of this machine",
  "test/cluster/infrastructure-locks.test.ts": "it has no cluster: its layers are lines in a log of this machine",
  "test/cluster/longhorn.test.ts":
    "Longhorn is told to misbehave, and Flux must reach a Git server that the test writes to",
  "test/cluster/longhorn-stand-in.test.ts": "it is the lab's stand-in for Longhorn that is tested",
  "test/cluster/many-volumes.test.ts": "it loses thirty volumes at once, and reads all backups that there are",
  "test/cluster/restore-volumes.test.ts":
    "Longhorn is told to misbehave, and the job's rights and its ConfigMap are the whole cluster's",
  "test/cluster/namespace.test.ts": "Flux must reach a Git server and the node a registry that the test writes to",
  "test/cluster/namespace-data.test.ts":
    "Flux must reach a Git server that the test writes to, and the test a database in a pod",
  "test/cluster/namespace-owners.test.ts":
    "Flux must reach a Git server, and the node a registry; it defines kinds of Longhorn's and of other operators",
  "test/cluster/namespace-shared.test.ts": "Flux and Argo CD must reach a Git server that the test writes to",
  "test/cluster/namespace-trouble.test.ts": "it kills the API server, and needs Git and a registry as above",
  "test/cluster/stack.test.ts": "it is the lab's homelab that is tested",
  "test/cluster/terragrunt.test.ts": "it has no cluster: its layers are lines in a log of this machine",
  "test/cluster/workload.test.ts":
    "its volumes have to be of the lab's provisioner, and pods must be reached from this machine",
  "test/cluster/workload-drain.test.ts": "it drains a node, and needs a second one on this machine",
  "test/cluster/homelab-argocd.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/sabotage-cluster/cluster.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/endurance/namespace.test.ts": "it kills the API server, and reads its audit log",
  "test/endurance/homelab.test.ts": "it destroys the cluster, and reads its audit log",
};

/** Tests that run in any cluster with Longhorn; in one without they are skipped. */
export const needLonghorn = ["test/cluster/longhorn-anywhere.test.ts", "test/cluster/longhorn-sorts.test.ts"];
