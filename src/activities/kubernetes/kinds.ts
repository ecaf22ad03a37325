import type { Kind } from "./paths.ts";

/** Built-in kinds that are asked for by name, without discovery. */

const core = { group: "", version: "v1", namespaced: true };
export const namespaces: Kind = { ...core, kind: "Namespace", plural: "namespaces", namespaced: false };
export const persistentVolumes: Kind = { ...namespaces, kind: "PersistentVolume", plural: "persistentvolumes" };
export const nodes: Kind = { ...namespaces, kind: "Node", plural: "nodes" };
export const pods: Kind = { ...core, kind: "Pod", plural: "pods" };
export const claims: Kind = { ...core, kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" };
export const secrets: Kind = { ...core, kind: "Secret", plural: "secrets" };
export const serviceAccounts: Kind = { ...core, kind: "ServiceAccount", plural: "serviceaccounts" };
export const services: Kind = { ...core, kind: "Service", plural: "services" };
export const endpointSlices: Kind = {
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
};

const apps = { group: "apps", version: "v1", namespaced: true };
export const deployments: Kind = { ...apps, kind: "Deployment", plural: "deployments" };
export const statefulSets: Kind = { ...apps, kind: "StatefulSet", plural: "statefulsets" };
export const replicaSets: Kind = { ...apps, kind: "ReplicaSet", plural: "replicasets" };

export const autoscalers: Kind = {
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  namespaced: true,
};
export const disruptionBudgets: Kind = {
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  namespaced: true,
};
