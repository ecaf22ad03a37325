import { expect, test } from "vitest";
import { differences, digestOf, type View } from "../../../src/activities/namespace/digest.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** What is compared is what somebody wrote, and nothing that the cluster makes up anew. */

const object = (kind: string, more: object): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "one", labels: { app: "shop" } },
  ...more,
});
const changed = (before: KubernetesObject, after: KubernetesObject, generated = false, scaled = false) =>
  differencesOf(before, after, { generated, scaled, held: false });
const differencesOf = (before: KubernetesObject, after: KubernetesObject, view: View) =>
  differences(digestOf(before, "salt", view), digestOf(after, "salt", view));

const plain = { generated: false, scaled: false, held: false };

test("metadata that the cluster writes, and the status, do not count", () => {
  const before = object("ConfigMap", { data: { a: "1" }, status: { phase: "x" } });
  const after = object("ConfigMap", { data: { a: "1" } });
  Object.assign(before.metadata, { uid: "1", resourceVersion: "5", managedFields: [], creationTimestamp: "t" });
  Object.assign(after.metadata, { uid: "2", resourceVersion: "9", generation: 4, finalizers: ["x"] });
  expect(changed(before, after)).toEqual([]);
});

test.each([
  ["a value", { data: { a: "1" } }, { data: { a: "2" } }, ["data.a"]],
  ["a key more", { data: { a: "1" } }, { data: { a: "1", b: "1" } }, ["data.b"]],
  ["a key less", { data: { a: "1", b: "1" } }, { data: { a: "1" } }, ["data.b"]],
  ["a number for a text", { spec: { n: 1 } }, { spec: { n: "1" } }, ["spec.n"]],
  ["an empty map for none", { data: {} }, {}, ["data"]],
  ["the order of a list", { spec: { l: ["a", "b"] } }, { spec: { l: ["b", "a"] } }, ["spec.l.0", "spec.l.1"]],
])("%s is a difference", (_, before, after, paths) => {
  expect(changed(object("ConfigMap", before), object("ConfigMap", after))).toEqual(paths);
});

test("labels and annotations count, but for those that say when something was done", () => {
  const before = object("ConfigMap", {});
  const after = object("ConfigMap", {});
  after.metadata = {
    ...after.metadata,
    labels: { app: "other" },
    annotations: { "reconcile.fluxcd.io/requestedAt": "now", note: "x" },
  };
  expect(changed(before, after)).toEqual(["metadata.annotations.note", "metadata.labels.app"]);
});

test("addresses of a Service, the volume of a claim and the selector of a Job are made anew", () => {
  expect(
    changed(
      object("Service", { spec: { clusterIP: "10.0.0.1", ports: [{ port: 80, nodePort: 3 }] } }),
      object("Service", { spec: { clusterIP: "10.0.0.2", ports: [{ port: 80, nodePort: 4 }] } }),
    ),
  ).toEqual([]);
  expect(
    changed(
      object("PersistentVolumeClaim", { spec: { volumeName: "a" } }),
      object("PersistentVolumeClaim", { spec: { volumeName: "b" } }),
    ),
  ).toEqual([]);
  const job = (uid: string) =>
    object("Job", {
      spec: {
        selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } },
        template: {
          metadata: { labels: { "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid, mine: "x" } },
        },
      },
    });
  expect(changed(job("1"), job("2"))).toEqual([]);
});

test("of what is generated only the names of keys count", () => {
  const secret = (data: object) => object("Secret", { type: "kubernetes.io/tls", data });
  expect(changed(secret({ "tls.crt": "1" }), secret({ "tls.crt": "2" }), true)).toEqual([]);
  expect(changed(secret({ "tls.crt": "1" }), secret({ "tls.key": "1" }), true)).toEqual([
    "data.tls.crt",
    "data.tls.key",
  ]);
});

test("no value is in a digest, and the same value looks different in another run", () => {
  const secret = object("Secret", { data: { password: "aHVudGVyMg==" } });
  expect(JSON.stringify(digestOf(secret, "salt", plain))).not.toContain("aHVudGVyMg");
  expect(digestOf(secret, "salt", plain)).not.toEqual(digestOf(secret, "another", plain));
});

test("replicas do not count where an autoscaler decides, nor when somebody has restarted it", () => {
  const deployment = (replicas: number, annotations: object) =>
    object("Deployment", { spec: { replicas, template: { metadata: { annotations } } }, status: {} });
  const restarted = { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" };
  expect(changed(deployment(3, { a: "b" }), deployment(1, { a: "b" }))).toEqual(["spec.replicas"]);
  expect(changed(deployment(3, { a: "b" }), deployment(1, { a: "b" }), false, true)).toEqual([]);
  expect(changed(deployment(1, { a: "b", ...restarted }), deployment(1, { a: "b" }))).toEqual([]);
  expect(changed(deployment(1, { a: "b" }), deployment(1, { a: "c" }))).toEqual([
    "spec.template.metadata.annotations.a",
  ]);
});
