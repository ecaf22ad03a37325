import type { KubernetesObject, Resource } from "../kubernetes/object.ts";
import { splitApiVersion } from "../kubernetes/paths.ts";

/** What the cluster keeps about other objects; nobody misses it. Pure. */

const kinds: Record<string, string[]> = {
  Event: ["", "events.k8s.io"],
  Lease: ["coordination.k8s.io"],
  ControllerRevision: ["apps"],
  PodMetrics: ["metrics.k8s.io"],
  CiliumEndpoint: ["cilium.io"],
  PolicyReport: ["wgpolicyk8s.io"],
  EphemeralReport: ["reports.kyverno.io"],
  VerticalPodAutoscalerCheckpoint: ["autoscaling.k8s.io"],
};

/** A kind of which no object is anything else. */
export function isBookkeeping({ group, kind }: Pick<Resource, "group" | "kind">): boolean {
  return kinds[kind]?.includes(group) === true;
}

const sliceControllers = [
  "endpointslice-controller.k8s.io",
  // Copies of Endpoints, which are somebody's own.
  "endpointslicemirroring-controller.k8s.io",
];

/** The cluster writes the addresses of a Service by its selector. Those of a Service without one are written by somebody. */
export function areAddresses({ apiVersion, kind, metadata }: KubernetesObject, all: KubernetesObject[]): boolean {
  const { group } = splitApiVersion(apiVersion);
  if (kind === "EndpointSlice" && group === "discovery.k8s.io")
    return sliceControllers.includes(metadata.labels?.["endpointslice.kubernetes.io/managed-by"] ?? "");
  if (kind !== "Endpoints" || group !== "") return false;
  const service = all.find(
    (one) => one.kind === "Service" && one.apiVersion === "v1" && one.metadata.name === metadata.name,
  );
  return Object.keys(service?.spec?.["selector"] ?? {}).length > 0;
}
