import { stringify } from "yaml";
import type { Kind } from "../src/activities/kubernetes/paths.ts";

/** Services that wait for an address, which in the lab nobody gives: whoever writes it decides when each is ready. */
export const services: Kind = { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true };

export const nameOf = (n: number) => `s${String(n).padStart(3, "0")}`;

export function manifestsOf(namespace: string, count: number): string {
  const all = Array.from({ length: count }, (_, n) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: nameOf(n), namespace },
    spec: { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
  }));
  return [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, ...all]
    .map((one) => stringify(one))
    .join("---\n");
}
