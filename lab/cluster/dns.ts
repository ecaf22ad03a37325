import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Built } from "../go-programs.ts";
import { applyManifests } from "./kubectl.ts";
import { type Sandbox, startWithin } from "./sandbox.ts";

/** CoreDNS on the node instead of in a pod: it is there before the first pod. */
export async function startDns(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const corefile = join(layout.directory, "Corefile");
  const kubernetes = `kubernetes cluster.local in-addr.arpa {\n    kubeconfig ${layout.kubeconfig}\n    ttl 1\n  }`;
  await writeFile(corefile, `.:53 {\n  bind ${layout.podGateway}\n  errors\n  ${kubernetes}\n}\n`);
  await startWithin(sandbox, "coredns", [join(built.coredns, "coredns"), "-conf", corefile]);
  const metadata = { name: "kube-dns", namespace: "kube-system" };
  const ports = (port: string) =>
    ["UDP", "TCP"].map((protocol) => ({
      name: protocol.toLowerCase(),
      protocol,
      port: 53,
      ...(port && { targetPort: 53 }),
    }));
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { clusterIP: layout.dnsAddress, ports: ports("target") },
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "kube-dns" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [layout.podGateway], conditions: { ready: true } }],
    ports: ports(""),
  };
  await applyManifests(layout, built, [service, slice].map((one) => stringify(one)).join("---\n"));
}
