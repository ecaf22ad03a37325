import { expect, test } from "vitest";
import { isBookkeeping } from "../../../src/activities/namespace/bookkeeping.ts";
import { originOf } from "../../../src/activities/namespace/origin.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** Who brings an object back: each case is one way in which objects come into a namespace. */

const apiVersions: Record<string, string> = {
  InfisicalSecret: "secrets.infisical.com/v1alpha1",
  ExternalSecret: "external-secrets.io/v1",
  Certificate: "cert-manager.io/v1",
  StatefulSet: "apps/v1",
  EndpointSlice: "discovery.k8s.io/v1",
  VaultStaticSecret: "secrets.hashicorp.com/v1beta1",
  Cluster: "postgresql.cnpg.io/v1",
  HelmRelease: "helm.toolkit.fluxcd.io/v2",
  Ingress: "networking.k8s.io/v1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
};
const object = (kind: string, name: string, more: object = {}): KubernetesObject => ({
  apiVersion: apiVersions[kind] ?? "v1",
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
const merging = ["Merge", "None", "Orphan"].map((creationPolicy) =>
  object("ExternalSecret", creationPolicy.toLowerCase(), { spec: { target: { creationPolicy } } }),
);
const vaults = [true, undefined].map((create) =>
  object("VaultStaticSecret", `vault-${create}`, { spec: { destination: { name: `vault-${create}`, create } } }),
);
const databases = object("Cluster", "db");
/** Kinds of the same names, of other groups. */
const namesakes = [
  object("Cluster", "machines", { apiVersion: "cluster.x-k8s.io/v1beta1" }),
  object("Certificate", "knative", {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    spec: { secretName: "knative-tls" },
  }),
];
const services = [object("Service", "web", { spec: { selector: { app: "web" } } }), object("Service", "outside")];
const managedBy = (controller: string) => ({
  metadata: { labels: { "endpointslice.kubernetes.io/managed-by": controller } },
});
const all = [
  ...merging,
  ...vaults,
  databases,
  ...namesakes,
  ...services,
  infisical,
  infisicalList,
  external,
  certificate,
  set,
  release,
  ingress,
  deployment,
];
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
  [object("Secret", "merge"), "nowhere", "", false],
  [object("Secret", "none"), "nowhere", "", false],
  [object("Secret", "orphan"), "maker", "ExternalSecret/orphan", false],
  [object("Secret", "vault-true"), "maker", "VaultStaticSecret/vault-true", false],
  [object("Secret", "vault-undefined"), "nowhere", "", false],
  [object("Secret", "db-app"), "maker", "Cluster/db", true],
  [object("Secret", "machines-ca"), "nowhere", "", false],
  [object("Secret", "knative-tls"), "nowhere", "", false],
  [object("Endpoints", "web"), "cluster", "the cluster", true],
  [object("Endpoints", "outside"), "nowhere", "", false],
  [object("Endpoints", "alone"), "nowhere", "", false],
  [object("EndpointSlice", "web-a", managedBy("endpointslice-controller.k8s.io")), "cluster", "the cluster", true],
  [
    object("EndpointSlice", "outside-a", managedBy("endpointslicemirroring-controller.k8s.io")),
    "cluster",
    "the cluster",
    true,
  ],
  [object("EndpointSlice", "by-hand", managedBy("me")), "nowhere", "", false],
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

test("bookkeeping is told by its group, and addresses are looked at one by one", () => {
  for (const [group, kind] of [
    ["", "Event"],
    ["events.k8s.io", "Event"],
    ["coordination.k8s.io", "Lease"],
    ["apps", "ControllerRevision"],
  ] as const)
    expect(isBookkeeping({ group, kind })).toBe(true);
  for (const [group, kind] of [
    ["example.org", "Event"],
    ["example.org", "Lease"],
    ["", "Endpoints"],
    ["discovery.k8s.io", "EndpointSlice"],
  ] as const)
    expect(isBookkeeping({ group, kind })).toBe(false);
});
