/** Tests that can only run on clusters of the lab, and why: with FIREDRILL_E2E_KUBECONFIG they are left out. */
export const ownClusterOnly: Record<string, string> = {
  "test/cluster/cluster.test.ts": "it is the lab itself that is tested",
  "test/cluster/checks.test.ts": "its Ingress has its address from the lab's controller",
  "test/cluster/lab-app.test.ts": "it is the lab's stand-ins that are tested",
  "test/cluster/faults.test.ts": "its faults are of the whole cluster: no default StorageClass, a registry on the node",
  "test/cluster/namespace.test.ts": "Flux must reach a Git server and the node a registry that the test writes to",
  "test/cluster/namespace-trouble.test.ts": "it kills the API server, and needs Git and a registry as above",
  "test/cluster/homelab-argocd.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/sabotage-cluster/cluster.test.ts": "it destroys the cluster, with the infrastructure that made it",
  "test/endurance/namespace.test.ts": "it kills the API server, and reads its audit log",
  "test/endurance/homelab.test.ts": "it destroys the cluster, and reads its audit log",
};
