import { networkInterfaces } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { lostWithIt } from "../../../src/activities/cluster/blast-radius.ts";
import { behindDoor, doorsOf } from "../../../src/activities/cluster/doors.ts";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import type { Session } from "../../../src/activities/kubernetes/session.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** What a whole cluster must not hold: who conducts its drill, and what it is made again from. */

const opened: { server: FakeApiServer; session: Session }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const { server, session } of opened.splice(0)) {
    await session.cluster.close();
    await server.stop();
  }
});

const resource = (group: string, version: string, kind: string, plural: string) => {
  return { group, version, kind, plural, namespaced: kind !== "Node", verbs: ["list"] };
};
const resources = [
  resource("", "v1", "Service", "services"),
  resource("", "v1", "Node", "nodes"),
  resource("networking.k8s.io", "v1", "Ingress", "ingresses"),
  resource("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"),
  resource("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations"),
];
const gitops = { kind: "flux", namespace: "flux-system", layers: ["base", "apps"], waitForData: ["apps"] };

/** @param has objects by the plural of their kind */
async function lost(has: Record<string, object[]>, kubeconfig: unknown = { file: "/x" }): Promise<string[]> {
  const server = await startFakeApiServer(({ path }, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ metadata: {}, items: has[path.split("/").at(-1) ?? ""] ?? [] }));
  });
  const session = { cluster: openCluster(server.kubeconfig()), identity: "u", resources, stale: [] };
  opened.push({ server, session });
  return await lostWithIt(session, { access: { kubeconfig }, gitops } as never);
}

const inFlux = (name: string, spec: object) => ({ metadata: { namespace: "flux-system", name }, spec });
/** Two layers, of which the one below reads from `url`, and the one that waits for the data from another place. */
const gitBehind = (url: string, above = "https://git.example.org/apps.git") => ({
  gitrepositories: [inFlux("low", { url }), inFlux("high", { url: above })],
  kustomizations: [
    inFlux("base", { sourceRef: { kind: "GitRepository", name: "low" } }),
    inFlux("apps", { sourceRef: { kind: "GitRepository", name: "high" } }),
  ],
});
const named = (name: string, more: object) => ({ metadata: { namespace: "forge", name }, ...more });
const nodeOf = (address: string, type = "InternalIP") => [
  { metadata: { name: "cp-1" }, status: { addresses: [{ type, address }] } },
];

test("what is outside, or what is made after the data is back, is no matter", async () => {
  const services = [named("gitea", { spec: {} })];
  const inside = "http://gitea.forge.svc.cluster.local/a.git";
  expect(
    await lost({ ...gitBehind("https://git.example.org/a.git", inside), services, nodes: nodeOf("192.0.2.9") }),
  ).toEqual([]);
});

test.each<[string, string, Record<string, object[]>, string]>([
  [
    "a Service",
    "http://gitea.forge.svc.cluster.local/a.git",
    { services: [named("gitea", { spec: {} })] },
    "Service forge/gitea",
  ],
  [
    "an Ingress",
    "https://git.lan/a.git",
    { ingresses: [named("g", { spec: { rules: [{ host: "git.lan" }] } })] },
    "Ingress forge/g",
  ],
  ["a Node", "ssh://git@192.0.2.99/a.git", { nodes: nodeOf("192.0.2.99") }, "Node cp-1"],
])("Git behind %s", async (_, url, has, by) => {
  const host = new URL(url).hostname;
  expect(await lost({ ...has, ...gitBehind(url) })).toEqual([
    `what GitRepository flux-system/low reads from at ${host} (${by})`,
  ]);
});

test("Temporal on a node, and a worker in one of its pods or on one of its nodes, by whatever address", async () => {
  vi.stubEnv("TEMPORAL_ADDRESS", "192.0.2.98:7233");
  expect(await lost({ nodes: nodeOf("192.0.2.98") })).toEqual([
    "Temporal, which conducts this run, at 192.0.2.98 (Node cp-1)",
  ]);
  expect(await lost({}, "in-cluster")).toEqual(["the worker, which runs in it,"]);
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  for (const { address } of own.filter(({ internal }) => !internal))
    expect(await lost({ nodes: nodeOf(address) }), address).toEqual(["the worker, whose host is Node cp-1,"]);
});

const objects = [
  { kind: "Ingress", ...named("all", { spec: { rules: [{ host: "*.example.org" }] } }) },
  { kind: "Ingress", ...named("local", { spec: { rules: [{ host: "localhost" }] } }) },
  { kind: "Node", ...nodeOf("203.0.113.7", "ExternalIP")[0] },
  { kind: "Node", ...nodeOf("fd00:10::5")[0] },
  {
    kind: "Service",
    ...named("web", {
      spec: { ports: [{ port: 443 }] },
      status: { loadBalancer: { ingress: [{ ip: "192.0.2.50" }] } },
    }),
  },
] as KubernetesObject[];

test.each<[string, string, Record<string, string[]>, string | undefined]>([
  ["a name that a wildcard covers", "https://git.example.org/a", { "git.example.org": ["198.51.100.1"] }, undefined],
  ["this machine", "localhost:7233", { localhost: ["127.0.0.1"] }, undefined],
  ["what is behind the same router", "ssh://git@nas.lan/a", { "nas.lan": ["203.0.113.7"] }, undefined],
  ["another port of a balancer's address", "ssh://git@192.0.2.50:22/a", { "192.0.2.50": ["192.0.2.50"] }, undefined],
  ["the port of a balancer", "https://git.lan:443/a", { "git.lan": ["192.0.2.50"] }, "Service forge/web"],
  ["a node, by IPv6", "http://[fd00:10::5]:3000/a", { "fd00:10::5": ["fd00:10::5"] }, "Node cp-1"],
])("%s", (_, url, resolved, by) => {
  expect(behindDoor(url, doorsOf(objects), resolved)).toBe(by);
});
