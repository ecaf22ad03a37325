import { expect, test } from "vitest";
import { originOf } from "../../../src/activities/namespace/origin.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** Who brings an object back: each case is one way in which objects come into a namespace. */

const object = (kind: string, name: string, more: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  ...more,
  metadata: { name, namespace: "shop", uid: `${kind}-${name}`, ...(more as { metadata?: object }).metadata },
});

const infisical = object("InfisicalSecret", "shop", { spec: { managedSecretReference: { secretName: "shop-env" } } });
const infisicalList = object("InfisicalSecret", "list", {
  spec: { managedKubeSecretReferences: [{ secretName: "one" }, { secretName: "two" }] },
});
const external = object("ExternalSecret", "api", { spec: {} });
const certificate = object("Certificate", "web", { spec: { secretName: "web-tls" } });
const set = object("StatefulSet", "postgres", { spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] } });
const release = object("HelmRelease", "chart");
const ingress = object("Ingress", "web", {
  metadata: { annotations: { "cert-manager.io/cluster-issuer": "le" } },
  spec: { tls: [{ secretName: "ingress-tls" }] },
});
const deployment = object("Deployment", "shop");
const all = [infisical, infisicalList, external, certificate, set, release, ingress, deployment];
const managers = new Map([["ConfigMap/settings", "Kustomization flux-system/apps"]]);
const owned = {
  metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "shop", uid: "Deployment-shop" }] },
};
const orphaned = { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Thing", name: "gone", uid: "nobody" }] } };

test.each([
  [object("ConfigMap", "settings"), "gitops", "Kustomization flux-system/apps", false],
  [object("Secret", "shop-env"), "maker", "InfisicalSecret/shop", false],
  [object("Secret", "two"), "maker", "InfisicalSecret/list", false],
  [object("Secret", "api"), "maker", "ExternalSecret/api", false],
  [object("Secret", "web-tls"), "maker", "Certificate/web", true],
  [object("Secret", "ingress-tls"), "maker", "Ingress/web", true],
  [
    object("Secret", "sh.helm.release.v1.chart.v3", {
      type: "helm.sh/release.v1",
      metadata: { labels: { name: "chart" } },
    }),
    "owner",
    "HelmRelease",
    true,
  ],
  [object("PersistentVolumeClaim", "data-postgres-0"), "maker", "StatefulSet/postgres", false],
  [object("ReplicaSet", "shop-5d4f", owned), "owner", "Deployment/shop", true],
  [object("ConfigMap", "istio-ca-root-cert"), "cluster", "the cluster", true],
  [object("ServiceAccount", "default"), "cluster", "the cluster", true],
  [object("ConfigMap", "kube-root-ca.crt"), "cluster", "the cluster", true],
  [object("PersistentVolumeClaim", "data-other-0"), "nowhere", "", false],
  [object("PersistentVolumeClaim", "scratch"), "nowhere", "", false],
  [object("Secret", "by-hand"), "nowhere", "", false],
  [object("Secret", "lost-owner", orphaned), "nowhere", "", false],
  [object("ConfigMap", "shop"), "nowhere", "", false],
])("$kind/$metadata.name comes from %s", (one, from, by, generated) => {
  expect(originOf(one, [...all, one], managers)).toEqual({ from, by, generated });
});
