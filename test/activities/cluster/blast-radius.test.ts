import { networkInterfaces } from "node:os";
import { afterEach, expect, test } from "vitest";
import { lostWithIt } from "../../../src/activities/cluster/blast-radius.ts";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import type { Session } from "../../../src/activities/kubernetes/session.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** What a whole cluster must not hold: who conducts its drill, and what it is made again from. */

let server: FakeApiServer;
let session: Session;
afterEach(async () => {
  await session.cluster.close();
  await server.stop();
});

const resource = (group: string, version: string, kind: string, plural: string) => {
  return { group, version, kind, plural, namespaced: kind !== "Node", verbs: ["list"] };
};
const resources = [
  resource("", "v1", "Service", "services"),
  resource("", "v1", "Node", "nodes"),
  resource("networking.k8s.io", "v1", "Ingress", "ingresses"),
  resource("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"),
];

/** @param has objects by the plural of their kind */
async function lost(has: Record<string, object[]>, kubeconfig: unknown = { file: "/x" }): Promise<string[]> {
  server = await startFakeApiServer(({ path }, response) => {
    const plural = path.split("/").at(-1) ?? "";
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ metadata: {}, items: (has[plural] ?? []) as KubernetesObject[] }));
  });
  session = { cluster: openCluster(server.kubeconfig()), identity: "u", resources, stale: [] };
  return await lostWithIt(session, { kubeconfig } as never);
}

const named = (name: string, more: object) => ({ metadata: { namespace: "forge", name }, ...more });
const repository = (url: string) => [{ metadata: { namespace: "flux-system", name: "apps" }, spec: { url } }];
const nodeOf = (address: string) => [{ metadata: { name: "cp-1" }, status: { addresses: [{ address }] } }];

test("what is outside is no matter", async () => {
  const gitrepositories = repository("https://git.example.org/apps.git");
  expect(await lost({ gitrepositories, nodes: nodeOf("192.0.2.99"), services: [named("gitea", {})] })).toEqual([]);
});

test.each<[string, string, Record<string, object[]>]>([
  ["a Service", "http://gitea.forge.svc.cluster.local/a.git", { services: [named("gitea", { spec: {} })] }],
  ["an Ingress", "https://git.lan/a.git", { ingresses: [named("gitea", { spec: { rules: [{ host: "git.lan" }] } })] }],
  ["a Node", "ssh://git@192.0.2.99/a.git", { nodes: nodeOf("192.0.2.99") }],
])("Git behind %s", async (_, url, has) => {
  const [found, ...more] = await lost({ ...has, gitrepositories: repository(url) });
  expect(found).toMatch(/^what GitRepository flux-system\/apps reads from \((Service forge|Ingress forge|Node cp-1)/);
  expect(more).toEqual([]);
});

test("Temporal behind a node's port, and a worker in one of its pods or on one of its nodes", async () => {
  expect(await lost({ nodes: nodeOf("127.0.0.1") })).toEqual(["Temporal, which conducts this run, (Node cp-1)"]);
  expect(await lost({}, "in-cluster")).toEqual(["the worker, which runs in it,"]);
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const { address } = own.find(({ internal, family }) => !internal && family === "IPv4")!;
  expect(await lost({ nodes: nodeOf(address) })).toEqual(["the worker, whose host is Node cp-1,"]);
});
