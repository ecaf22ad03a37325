import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { gitopsOf } from "../../../src/activities/namespace/gitops.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** What lies in the namespace and would delete things outside of it when it goes. */

type Parts = { spec?: object; finalizers?: string[]; namespace?: string };

const holder = (kind: string, finalizer: string, status: object, { spec, finalizers, namespace }: Parts = {}) =>
  ({
    apiVersion: "any/v1",
    kind,
    metadata: { name: "it", namespace: namespace ?? "shop", finalizers: finalizers ?? [finalizer] },
    spec: { prune: true, ...spec },
    status,
  }) as KubernetesObject;
const inventory = (...ids: string[]) => ({ inventory: { entries: ids.map((id) => ({ id, v: "v1" })) } });
const outside = ["_reader_rbac.authorization.k8s.io_ClusterRole", "other_web_apps_Deployment", "_x.y_z_CRD", "o_c__S"];
const inside = ["_shop__Namespace", "shop_web_apps_Deployment"];
const kustomization = (ids: string[], more?: Parts) =>
  holder("Kustomization", "finalizers.fluxcd.io", inventory(...ids), more);
const release = (status: object, more?: Parts) => holder("HelmRelease", "finalizers.fluxcd.io", status, more);
const application = (resources: object[], more?: Parts) =>
  holder("Application", "resources-finalizer.argocd.argoproj.io", { resources }, more);

const beyond = (object: KubernetesObject) =>
  gitopsOf("shop", { objects: [], gitops: [object] })
    .problems.filter((one) => one.beyond === true)
    .map(({ problem }) => problem);

const role = { kind: "ClusterRole", name: "reader" };
const web = { kind: "Deployment", name: "web", namespace: "shop" };
const what = "with the namespace would delete";

test.each([
  [
    "a Kustomization",
    kustomization([...inside, ...outside]),
    `deleting Kustomization shop/it ${what} 4 objects outside of it: ClusterRole/reader, Deployment/other/web, CRD/x.y …`,
  ],
  [
    "a Kustomization that deletes by its own policy",
    kustomization(outside.slice(0, 1), { spec: { prune: false, deletionPolicy: "Delete" } }),
    `deleting Kustomization shop/it ${what} 1 object outside of it: ClusterRole/reader`,
  ],
  [
    "a Kustomization of another cluster",
    kustomization(inside.slice(1), { spec: { kubeConfig: { secretRef: { name: "far" } } } }),
    `deleting Kustomization shop/it ${what} 1 object outside of it: Deployment/shop/web`,
  ],
  [
    "a HelmRelease",
    release(inventory("other_a__Secret")),
    `deleting HelmRelease shop/it ${what} 1 object outside of it: Secret/other/a`,
  ],
  [
    "a HelmRelease that keeps no list",
    release({}),
    `deleting HelmRelease shop/it ${what} all of its release, and nothing here tells what of that lies outside`,
  ],
  [
    "an Application",
    application([web, role]),
    `deleting Application shop/it ${what} 1 object outside of it: ClusterRole/reader`,
  ],
  [
    "an Application of another cluster",
    application([web], { spec: { destination: { server: "https://far:6443" } } }),
    `deleting Application shop/it ${what} 1 object outside of it: Deployment/shop/web`,
  ],
])("%s is refused", (_, object, problem) => expect(beyond(object)).toEqual([problem]));

test.each([
  ["a Kustomization that holds only what is in it", kustomization(inside)],
  ["one that lies elsewhere", kustomization([...inside, ...outside], { namespace: "flux-system" })],
  ["one that does not prune", kustomization(outside, { spec: { prune: false } })],
  ["one that leaves orphans", kustomization(outside, { spec: { deletionPolicy: "Orphan" } })],
  ["one without its finalizer", kustomization(outside, { finalizers: [] })],
  ["one that is suspended", kustomization(outside, { spec: { suspend: true } })],
  ["a HelmRelease that holds only what is in it", release(inventory(...inside))],
  ["a HelmRelease that was never installed", release({}, { finalizers: [] })],
  ["an Application that holds only what is in it", application([web])],
  [
    "an Application of this cluster",
    application([web], { spec: { destination: { server: "https://kubernetes.default.svc" } } }),
  ],
  ["an Application without the finalizer", application([role], { finalizers: [] })],
])("%s is not", (_, object) => expect(beyond(object)).toEqual([]));

test("what a HelmRelease without a list holds is read from Helm's own record", () => {
  const base64 = (from: Buffer | string) => Buffer.from(from).toString("base64");
  const secret = (manifest: string) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "sh.helm.release.v1.chart.v3", namespace: "shop" },
    data: { release: base64(base64(gzipSync(JSON.stringify({ manifest })))) },
  });
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" } };
  const history = [
    { name: "chart", namespace: "shop", version: 3 },
    { name: "chart", namespace: "shop", version: 2 },
  ];
  const problems = (manifest: string, status: object = {}) =>
    gitopsOf("shop", { objects: [secret(manifest), deployment], gitops: [release({ history, ...status })] })
      .problems.filter((one) => one.beyond === true)
      .map(({ problem }) => problem);
  const web = "---\n# Source: chart/web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n";
  const own = "---\napiVersion: v1\nkind: Secret\nmetadata: { name: gone, namespace: shop }\n";
  const role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: reader";
  const kept = `${role}, annotations: { helm.sh/resource-policy: keep } }\n`;
  const told = (text: string) => [`deleting HelmRelease shop/it ${what} ${text}`];
  expect(problems(web + own + kept)).toEqual([]);
  expect(problems(`${web}${role} }\n`)).toEqual(told("1 object outside of it: ClusterRole/reader"));
  const list = "---\napiVersion: v1\nkind: List\nitems: [{ apiVersion: v1, kind: Node, metadata: { name: a } }]\n";
  expect(problems(list)).toEqual(told("1 object outside of it: Node/a"));
  const unknown = told("all of its release, and nothing here tells what of that lies outside");
  expect(problems(web, { storageNamespace: "flux-system" })).toEqual(unknown);
  expect(problems(web, { history: [{ ...history[0], version: 4 }] })).toEqual(unknown);
});
