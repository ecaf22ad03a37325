import { expect, test } from "vitest";
import { ago, condition, diagnose, event, lines, object, service, workload } from "../support/namespace.ts";

/** Claims, custom resources, Services, Ingresses and what the API server refuses. */

const claim = (spec = {}, more = {}) =>
  object("v1", "PersistentVolumeClaim", "data", { spec, status: { phase: "Pending" }, ...more });
const storageClass = (name: string, provisioner = "driver.longhorn.io") =>
  object("storage.k8s.io/v1", "StorageClass", name, { provisioner });
const volume = (claimRef?: object, phase = "Released") =>
  object("v1", "PersistentVolume", "pv-1", { spec: { claimRef }, status: { phase } });

test("a claim whose StorageClass is missing, or that has none", () => {
  expect(lines({ objects: [claim({ storageClassName: "longhorn" })], cluster: [storageClass("local")] })).toEqual([
    "PersistentVolumeClaim/data: StorageClass longhorn of claim data does not exist",
  ]);
  expect(lines({ objects: [claim()] })).toEqual([
    "PersistentVolumeClaim/data: claim data names no StorageClass, and the cluster has no default one",
  ]);
  expect(lines({ objects: [claim({ storageClassName: "" })] })).toEqual([
    "PersistentVolumeClaim/data: claim data asks for a PersistentVolume made by hand, and none is free",
  ]);
});

test("a claim whose provisioner fails or does not answer", () => {
  const objects = [claim({ storageClassName: "longhorn" })];
  const cluster = [storageClass("longhorn")];
  const failed = event(
    objects[0]!,
    "ProvisioningFailed",
    'failed to provision volume with StorageClass "longhorn": rpc error: no disk has space',
  );
  expect(lines({ objects: [...objects, failed], cluster })).toEqual([
    "PersistentVolumeClaim/data: driver.longhorn.io cannot make a volume for claim data: rpc error: no disk has space",
  ]);
  const silent = (first: number) =>
    event(objects[0]!, "ExternalProvisioning", "Waiting for a volume to be created", { first });
  expect(lines({ objects: [...objects, silent(60)], cluster })).toEqual([
    "PersistentVolumeClaim/data: provisioner driver.longhorn.io of StorageClass longhorn does not answer, so claim data gets no volume",
  ]);
  expect(lines({ objects: [...objects, silent(20)], cluster })).toEqual([]);
});

test("a claim whose volume is lost, or kept for another claim", () => {
  const objects = [claim({ volumeName: "pv-1" })];
  expect(lines({ objects })).toEqual([
    "PersistentVolumeClaim/data: claim data asks for PersistentVolume pv-1, which does not exist",
  ]);
  const other = volume({ namespace: "old", name: "data", uid: "1" });
  expect(lines({ objects, cluster: [other] })).toEqual([
    "PersistentVolumeClaim/data: claim data asks for PersistentVolume pv-1, which is Released for claim old/data",
  ]);
  const before = volume({ namespace: "shop", name: "data", uid: "before" });
  expect(lines({ objects, cluster: [before] })).toEqual([
    "PersistentVolumeClaim/data: claim data asks for PersistentVolume pv-1, which is Released for the deleted claim of that name",
  ]);
  expect(
    lines({ objects: [claim({ storageClassName: "longhorn" })], cluster: [before, storageClass("longhorn")] }),
  ).toEqual([
    "PersistentVolumeClaim/data: PersistentVolume pv-1 holds the data of claim data but still belongs to the deleted claim of that name",
  ]);
});

const custom = (apiVersion: string, kind: string, type: string, message: string, spec = {}, seconds = 60) =>
  object(apiVersion, kind, "shop", {
    spec,
    status: { conditions: [condition(type, "False", "Error", message, seconds)] },
  });

test.each([
  [
    custom(
      "secrets.infisical.com/v1alpha1",
      "InfisicalSecret",
      "secrets.infisical.com/ReadyToSyncSecrets",
      "401 Unauthorized",
      { managedSecretReference: { secretName: "db" } },
    ),
    "InfisicalSecret shop does not bring its secret db: 401 Unauthorized",
  ],
  [
    custom("external-secrets.io/v1", "ExternalSecret", "Ready", "could not get secret data from provider", {
      target: { name: "db" },
    }),
    "ExternalSecret shop does not bring its secret db: could not get secret data from provider",
  ],
  [
    custom("bitnami.com/v1alpha1", "SealedSecret", "Synced", "no key could decrypt secret (password)"),
    "SealedSecret shop does not bring its secret shop: no key could decrypt secret (password)",
  ],
  [
    custom("postgresql.cnpg.io/v1", "Cluster", "Ready", "Cluster Is Not Ready"),
    "Cluster shop is not in order (Ready): Cluster Is Not Ready",
  ],
])("a custom resource whose controller complains: %#", (resource, cause) => {
  expect(diagnose({ objects: [resource] })).toMatchObject([{ type: "NOT_SYNCED", cause }]);
});

test("a complaint that is seconds old, or a controller on its way, is none", () => {
  const fresh = custom("external-secrets.io/v1", "ExternalSecret", "Ready", "not yet", {}, 5);
  expect(lines({ objects: [fresh] })).toEqual([]);
  const conditions = [condition("Ready", "False", "Progressing", "creating"), condition("Degraded", "False")];
  expect(lines({ objects: [object("acme.io/v1", "Thing", "t", { status: { conditions } })] })).toEqual([]);
});

const certificate = (conditions: object[]) =>
  object("cert-manager.io/v1", "Certificate", "tls", {
    spec: { secretName: "tls", issuerRef: { name: "le" } },
    status: { conditions },
  });
const issuer = (status: string, message: string) =>
  object("cert-manager.io/v1", "Issuer", "le", {
    status: { conditions: [condition("Ready", status, "ErrGetKeyPair", message)] },
  });
const notReady = condition("Ready", "False", "DoesNotExist", "Issuing certificate as Secret does not exist", 20);

test("a certificate is explained by its challenge, its issuer or itself, and not while it is being issued", () => {
  const issuing = certificate([notReady, condition("Issuing", "True", "DoesNotExist", "", 20)]);
  expect(lines({ objects: [issuing, issuer("True", "")] })).toEqual([]);
  expect(lines({ objects: [issuing] })).toEqual([
    "Certificate.cert-manager.io/tls: certificate not issued: Certificate tls: its Issuer le does not exist",
  ]);
  const failed = certificate([
    notReady,
    condition("Issuing", "False", "Failed", "The certificate request has failed to complete"),
  ]);
  expect(lines({ objects: [failed, issuer("False", 'secret "ca" not found')] })).toEqual([
    'Issuer.cert-manager.io/le: Issuer le cannot issue certificates: secret "ca" not found',
  ]);
  const own = {
    ownerReferences: [
      { apiVersion: "cert-manager.io/v1", kind: "Certificate", name: "tls", uid: "u", controller: true },
    ],
  };
  const challenge = object("acme.cert-manager.io/v1", "Challenge", "tls-1", {
    metadata: own,
    status: {
      state: "pending",
      reason: "Waiting for HTTP-01 challenge propagation: failed to perform self check GET request: 404",
    },
  });
  expect(lines({ objects: [failed, issuer("True", ""), challenge] })).toEqual([
    "Challenge.acme.cert-manager.io/tls-1: certificate not issued: Challenge tls-1: Waiting for HTTP-01 challenge propagation: failed to perform self check GET request: 404",
  ]);
});

/** A Deployment none of whose pods may be created. */
function refused(message: string, kind = "ReplicaSet", first = 60) {
  const objects = workload("web");
  const [deployment, replicaSet] = objects as [(typeof objects)[number], (typeof objects)[number]];
  deployment.spec = { replicas: 1 };
  replicaSet.spec = { replicas: 1 };
  return [...objects, event({ ...replicaSet, kind }, "FailedCreate", `Error creating: ${message}`, { first })];
}

test.each([
  [
    'pods "web-1" is forbidden: exceeded quota: compute, requested: limits.cpu=1, used: limits.cpu=2, limited: limits.cpu=2',
    "QUOTA_EXCEEDED",
    "ResourceQuota compute leaves no room for a pod of Deployment/web: requested: limits.cpu=1, used: limits.cpu=2, limited: limits.cpu=2",
  ],
  [
    'pods "web-1" is forbidden: failed quota: compute: must specify limits.cpu for: main',
    "QUOTA_EXCEEDED",
    "ResourceQuota compute leaves no room for a pod of Deployment/web: must specify limits.cpu for: main",
  ],
  [
    'pods "web-1" is forbidden: [minimum cpu usage per Container is 100m, but request is 10m]',
    "LIMIT_RANGE",
    "a LimitRange refuses a pod of Deployment/web: minimum cpu usage per Container is 100m, but request is 10m",
  ],
  [
    'pods "web-1" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    "POD_SECURITY",
    "Pod Security level baseline:latest of the namespace refuses a pod of Deployment/web: host namespaces (hostNetwork=true)",
  ],
  [
    'admission webhook "validate.kyverno.svc-fail" denied the request: policy require-labels: label team is required',
    "WEBHOOK_REFUSED",
    "admission webhook validate.kyverno.svc-fail refuses a pod of Deployment/web: policy require-labels: label team is required",
  ],
  [
    'Internal error occurred: failed calling webhook "v.kyverno.io": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate?timeout=10s": no endpoints available for service "kyverno-svc"',
    "WEBHOOK_UNREACHABLE",
    'admission webhook v.kyverno.io (Service kyverno/kyverno-svc) does not answer, so no pod of Deployment/web is created: no endpoints available for service "kyverno-svc"',
  ],
  [
    'Internal error occurred: failed calling webhook "v.kyverno.io": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate?timeout=10s": context deadline exceeded',
    "WEBHOOK_UNREACHABLE",
    "admission webhook v.kyverno.io (Service kyverno/kyverno-svc) does not answer, so no pod of Deployment/web is created: context deadline exceeded",
  ],
  [
    `pods "web-1" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: tag latest is forbidden`,
    "ADMISSION_POLICY",
    "ValidatingAdmissionPolicy no-latest (binding all) refuses a pod of Deployment/web: tag latest is forbidden",
  ],
  [
    'pods "web-1" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
    "SERVICE_ACCOUNT_MISSING",
    "ServiceAccount web does not exist, so no pod of Deployment/web is created",
  ],
  [
    'pods "web-1" is forbidden: no PriorityClass with name high was found',
    "CREATION_REFUSED",
    'no pod of Deployment/web can be created: pods "web-1" is forbidden: no PriorityClass with name high was found',
  ],
])("the API server refuses: %s", (message, type, cause) => {
  expect(diagnose({ objects: refused(message) })).toMatchObject([{ type, cause, affects: ["Deployment/web"] }]);
});

test("a refusal is past when the account came, or all pods are there; what may come gets some seconds", () => {
  const missing =
    'pods "web-1" is forbidden: error looking up service account shop/web: serviceaccount "web" not found';
  expect(lines({ objects: [...refused(missing), object("v1", "ServiceAccount", "web")] })).toEqual([]);
  expect(lines({ objects: refused(missing, "ReplicaSet", 5) })).toEqual([]);
  const full = refused('pods "web-1" is forbidden: exceeded quota: compute, requested: pods=1');
  full[1]!.status = { replicas: 1 };
  expect(lines({ objects: full })).toEqual([]);
});

const ingress = (spec: object, seconds = 120) =>
  object("networking.k8s.io/v1", "Ingress", "web", { spec, metadata: { creationTimestamp: ago(seconds) } });
const backend = (name: string) => ({ defaultBackend: { service: { name, port: { number: 80 } } } });
const up = [...workload("web", { ready: true }), ...service("web", { app: "web" }, "web-5d8-0")];

test("an Ingress without class, backend or address", () => {
  expect(lines({ objects: [...up, ingress({ ingressClassName: "nginx", ...backend("web") })] })).toEqual([
    "Ingress/web: IngressClass nginx of ingress web does not exist",
  ]);
  expect(lines({ objects: [...up, ingress(backend("front"))] })).toEqual([
    "Ingress/web: Service front, a backend of ingress web, does not exist",
  ]);
  const cluster = [
    object("networking.k8s.io/v1", "IngressClass", "nginx", { spec: { controller: "k8s.io/ingress-nginx" } }),
  ];
  const whole = { ingressClassName: "nginx", ...backend("web") };
  expect(lines({ objects: [...up, ingress(whole)], cluster })).toEqual([
    "Ingress/web: ingress web has no address: controller k8s.io/ingress-nginx of IngressClass nginx has not taken it",
  ]);
  expect(lines({ objects: [...up, ingress(whole, 20)], cluster })).toEqual([]);
});

test("a Service whose selector is misspelt; but one that selects nothing on purpose is in order", () => {
  expect(lines({ objects: [...up, ...service("api", { app: "wbe" })] })).toEqual([
    "Service/api: service api selects pods with app=wbe, and there are none, while those of Deployment/web have app=web",
  ]);
  expect(lines({ objects: [...up, ...service("db-replicas", { role: "replica" })], expected: [] })).toEqual([]);
});
