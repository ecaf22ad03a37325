import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { toComeBack } from "../../../src/activities/namespace/held-entries.ts";
import type { Entry, Inventory } from "../../../src/activities/namespace/memory.ts";

/** What must come back of a namespace that is gone: by what GitOps lists, and by what a run of before has seen. */

const holder = (kind: string, name: string, rest: object): KubernetesObject => ({
  apiVersion: "x/v1",
  kind,
  metadata: { name, namespace: "flux-system" },
  ...rest,
});
const listing = (...ids: string[]) => ({ status: { inventory: { entries: ids.map((id) => ({ id, v: "v1" })) } } });
const apps = holder(
  "Kustomization",
  "apps",
  listing("_shop__Namespace", "shop_web_apps_Deployment", "mail_web_apps_Deployment"),
);
const release = holder("HelmRelease", "db", {});
const entry = (id: string, from: Entry["origin"]["from"], by: string, more: Partial<Entry> = {}): Entry => ({
  apiVersion: "v1",
  kind: id.split("/")[0]!,
  name: id.split("/")[1]!,
  id,
  uid: `uid-${id}`,
  origin: { from, by, generated: false },
  scaled: false,
  troubleBefore: null,
  digest: { "spec.a": "b" },
  ...more,
});
const before = (...entries: Entry[]): Inventory => ({
  cluster: "c",
  uid: "old",
  takenAt: "2026-11-21T03:00:00Z",
  holders: [],
  entries,
});
const back = (known: Inventory | undefined, live: string[] = [], holders = [apps, release]) =>
  toComeBack("shop", holders, known, new Set(live));
const ids = (entries: Entry[]) => entries.map(({ id }) => id);

test("without a run of before it is what GitOps lists of this namespace", () => {
  expect(ids(back(undefined))).toEqual(["Namespace/shop", "Deployment/web"]);
});

test("what GitOps has no list of is known from a run of before: releases, and what is made of what comes back", () => {
  const known = before(
    entry("StatefulSet/db", "gitops", "HelmRelease flux-system/db"),
    entry("PersistentVolumeClaim/data-db-0", "maker", "StatefulSet/db"),
    entry("Secret/tls", "maker", "Certificate/gone"),
    entry("Pod/web-1", "owner", "ReplicaSet/web"),
    entry("Secret/by-hand", "nowhere", ""),
  );
  expect(ids(back(known))).toEqual([
    "Namespace/shop",
    "Deployment/web",
    "StatefulSet/db",
    "PersistentVolumeClaim/data-db-0",
  ]);
});

test("what Git has dropped since, and what a release that is gone had made, is not missed", () => {
  const known = before(
    entry("ConfigMap/old", "gitops", "Kustomization flux-system/apps"),
    entry("StatefulSet/db", "gitops", "HelmRelease flux-system/db"),
  );
  expect(ids(back(known, [], [apps]))).toEqual(["Namespace/shop", "Deployment/web"]);
});

test("nothing is compared with values of before; what was not ready then is not waited for; what was never lost is there", () => {
  const known = before(
    entry("Deployment/web", "gitops", "Kustomization flux-system/apps", { troubleBefore: "0 of 1 ready" }),
    entry("StatefulSet/db", "gitops", "HelmRelease flux-system/db", { byHand: { "spec.replicas": "kubectl" } }),
  );
  const [, web, db] = back(known, ["uid-StatefulSet/db"]);
  expect(web).toMatchObject({ digest: null, troubleBefore: "0 of 1 ready" });
  expect(db).toMatchObject({ digest: null, uid: "" });
  expect(db).not.toHaveProperty("byHand");
  expect(back(known)[2]).toMatchObject({ uid: "uid-StatefulSet/db" });
});

test("an Application's list counts as well, with the Namespace that it makes by the way", () => {
  const application = {
    ...holder("Application", "shop", {
      spec: { destination: { namespace: "shop" }, syncPolicy: { syncOptions: ["CreateNamespace=true"] } },
      status: { resources: [{ group: "apps", version: "v1", kind: "Deployment", name: "web", namespace: "shop" }] },
    }),
    apiVersion: "argoproj.io/v1alpha1",
  };
  expect(back(undefined, [], [application])).toMatchObject([
    { id: "Namespace/shop", apiVersion: "v1", origin: { by: "Application shop" } },
    { id: "Deployment/web", apiVersion: "apps/v1" },
  ]);
});
