import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import { discover } from "../../../src/activities/kubernetes/discovery.ts";
import { answer, type Answering, startFakeApiServer } from "../../support/fake-api-server.ts";

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function serve(routes: Record<string, Answering>) {
  const server = await startFakeApiServer((asked, response) =>
    (routes[asked.path] ?? answer.status(404, "not found"))(asked, response),
  );
  const cluster = openCluster(server.kubeconfig());
  ended.push(cluster.close, server.stop);
  return { server, cluster };
}

const kind = (resource: string, kind: string, scope = "Namespaced") => ({
  resource,
  responseKind: { group: "", version: "", kind },
  scope,
  verbs: ["list", "watch"],
  subresources: [{ subresource: "status" }],
});
const group = (name: string, ...versions: object[]) => ({ metadata: name === "" ? {} : { name }, versions });
const version = (version: string, ...resources: object[]) => ({ version, freshness: "Current", resources });
const aggregated = (...items: object[]) => answer.json({ kind: "APIGroupDiscoveryList", items });

const pods = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs: ["list", "watch"] };
const secret = { ...pods, group: "infisical", version: "v1beta1", kind: "New", plural: "news", namespaced: false };

test("two requests, once the server is ready, tell every kind once, in the best version that has it, and which groups are not known", async () => {
  const { server, cluster } = await serve({
    "/api": aggregated(group("", version("v1", kind("pods", "Pod")))),
    "/apis": aggregated(
      group(
        "infisical",
        version("v1beta1", kind("news", "New", "Cluster")),
        version("v1alpha1", kind("olds", "Old"), kind("news", "New")),
      ),
      group("metrics", { version: "v1", freshness: "Stale" }),
    ),
  });
  const old = { ...secret, version: "v1alpha1", kind: "Old", plural: "olds", namespaced: true };
  expect(await discover(cluster)).toEqual({ resources: [pods, secret, old], stale: ["metrics/v1"] });
  expect(server.asked.map(({ path }) => path).toSorted()).toEqual(["/api", "/apis", "/readyz"]);
  expect(server.asked[1]?.headers.accept).toContain("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
});

test("a server that has just started is not believed before it is ready", async () => {
  let asked = 0;
  const isReady = () => asked > 2;
  const apps = group("apps", version("v1", kind("deployments", "Deployment")));
  const flux = group("kustomize.toolkit.fluxcd.io", version("v1", kind("kustomizations", "Kustomization")));
  const { cluster } = await serve({
    "/readyz": (...request) => {
      asked += 1;
      if (isReady()) answer.json("ok")(...request);
      else answer.status(500, "[-]poststarthook/crd-informer-synced failed")(...request);
    },
    "/api": aggregated(),
    "/apis": (...request) => aggregated(apps, ...(isReady() ? [flux] : []))(...request),
  });
  const { resources } = await discover(cluster);
  expect(resources.map(({ plural }) => plural)).toEqual(["deployments", "kustomizations"]);
});

const legacy = (...names: string[]) =>
  answer.json({ resources: names.map((name) => ({ name, kind: "X", namespaced: true, verbs: [] })) });
const old = {
  "/api": answer.json({ kind: "APIVersions", versions: ["v1"] }),
  "/api/v1": legacy("pods", "pods/log"),
  "/apis": answer.json({
    kind: "APIGroupList",
    groups: ["apps", "metrics"].map((name) => ({
      name,
      versions: [{ groupVersion: `${name}/v1` }, { groupVersion: `${name}/v2` }],
      preferredVersion: { groupVersion: `${name}/v2` },
    })),
  }),
  "/apis/apps/v1": legacy("sets", "olds"),
  "/apis/apps/v2": legacy("sets"),
  "/apis/metrics/v1": legacy("gauges"),
};

test("an older server is asked for each group; one that is dead is named, at once", async () => {
  const { server, cluster } = await serve({ ...old, "/apis/metrics/v2": answer.status(503, "no endpoints") });
  const { resources, stale } = await discover(cluster);
  expect(resources.map(({ group, version, plural }) => `${group}/${version}/${plural}`)).toEqual([
    "/v1/pods",
    "apps/v2/sets",
    "apps/v1/olds",
    "metrics/v1/gauges",
  ]);
  expect(stale).toEqual(["metrics/v2"]);
  expect(server.asked.filter(({ path }) => path === "/apis/metrics/v2")).toHaveLength(1);
});

test("a missing right is no dead group", async () => {
  const { cluster } = await serve({
    ...old,
    "/apis/metrics/v2": answer.status(403, 'User "x" cannot get path "/apis"'),
  });
  await expect(discover(cluster)).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
});
