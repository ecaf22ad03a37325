import { expect, test } from "vitest";
import type { KubernetesObject } from "../../src/activities/kubernetes/object.ts";
import { ago, condition, diagnose, lines, object, waiting, workload } from "../support/namespace.ts";

/** Flux and Argo CD: why what they are to make is not there. */

const inFlux = { namespace: "flux-system" };
const expected = [{ apiVersion: "v1", kind: "ConfigMap", name: "conf" }];
const inventory = { entries: [{ id: "shop_conf__ConfigMap", v: "v1" }] };

const kustomization = (
  name: string,
  spec: object,
  conditions: object[],
  status: object = { inventory },
  annotations = {},
) =>
  object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, {
    metadata: { ...inFlux, annotations },
    spec: { sourceRef: { kind: "GitRepository", name: "apps" }, ...spec },
    status: { conditions, ...status },
  });
const repository = (conditions: object[], more = {}) =>
  object("source.toolkit.fluxcd.io/v1", "GitRepository", "apps", {
    metadata: inFlux,
    spec: { url: "https://robot:secret@git.example.com/apps.git" },
    status: { conditions, ...more },
  });
const good = repository([condition("Ready", "True")], { artifact: { revision: "main@sha1:abc" } });
const ready = (status: string, reason: string, message: string, seconds = 60) => [
  condition("Ready", status, reason, message, seconds),
];
const of = (...gitops: KubernetesObject[]) => lines({ gitops, expected });

test.each([
  [{ suspend: true }, ready("True", "", ""), "is suspended, so Flux does not bring back what it makes"],
  [
    {},
    ready("False", "BuildFailed", "accumulating resources: missing metadata.name"),
    "cannot be built: accumulating resources: missing metadata.name",
  ],
  [
    {},
    ready(
      "False",
      "ArtifactFailed",
      "kustomization path not found: stat /tmp/kustomization-12/apps: no such file or directory",
    ),
    "cannot be built: kustomization path not found: stat apps: no such file or directory",
  ],
  [
    {},
    ready("False", "ArtifactFailed", "Source artifact not found, retrying in 30s"),
    "gets no manifests: Source artifact not found, retrying in 30s",
  ],
  [
    {},
    ready(
      "False",
      "ReconciliationFailed",
      'Job/shop/setup dry-run failed (Invalid): Job.batch "setup" is invalid: spec.template: field is immutable',
      5,
    ),
    'cannot be applied (ReconciliationFailed): Job/shop/setup dry-run failed (Invalid): Job.batch "setup" is invalid: spec.template: field is immutable',
  ],
  [
    {},
    ready("False", "HealthCheckFailed", "timeout waiting for: [Deployment/other/x status: 'InProgress']"),
    "waits for objects that do not become healthy: timeout waiting for: [Deployment/other/x status: 'InProgress']",
  ],
])("a Kustomization, %#", (spec, conditions, cause) => {
  expect(of(good, kustomization("apps", spec, conditions))).toEqual([
    `Kustomization/flux-system/apps: Kustomization apps ${cause}`,
  ]);
});

test("a source that cannot be fetched is the cause, and its password is not shown", () => {
  const failing = repository([
    condition("FetchFailed", "True", "AuthenticationFailed", "failed to checkout: authentication required", 60),
    condition("Ready", "False", "AuthenticationFailed", "failed to checkout: authentication required", 2),
  ]);
  const user = kustomization(
    "apps",
    {},
    ready("False", "ArtifactFailed", "Source artifact not found, retrying in 30s"),
  );
  expect(diagnose({ gitops: [failing, user], expected })).toMatchObject([
    {
      type: "GITOPS_SOURCE",
      cause:
        "GitRepository apps (https://git.example.com/apps.git) cannot be fetched: failed to checkout: authentication required",
      hint: "Renew the credentials in the secret that spec.secretRef names.",
      affects: ["ConfigMap/conf"],
    },
  ]);
  const missing = kustomization("apps", {}, ready("False", "ArtifactFailed", 'GitRepository "apps" not found'));
  expect(of(missing)).toEqual([
    "Kustomization/flux-system/apps: source GitRepository/flux-system/apps of Kustomization/flux-system/apps does not exist",
  ]);
});

const waits = ready("False", "DependencyNotReady", "dependency 'flux-system/infra' is not ready");

test("what others depend on is followed to the root", () => {
  const apps = kustomization("apps", { dependsOn: [{ name: "config" }] }, waits);
  const config = kustomization("config", { dependsOn: [{ name: "infra" }] }, waits, {});
  const infra = kustomization("infra", {}, ready("False", "BuildFailed", "no such file"), {});
  expect(of(good, apps, config, infra)).toEqual([
    "Kustomization/flux-system/infra: Kustomization infra cannot be built: no such file",
  ]);
  expect(of(good, apps, config)).toEqual([
    "Kustomization/flux-system/config: Kustomization config depends on Kustomization/flux-system/infra, which does not exist",
  ]);
});

test("a health check that fails is a symptom of the object that is not healthy", () => {
  const image = "ghcr.io/acme/db:1";
  const objects = workload("db", { spec: { image }, status: waiting("ErrImagePull", `${image}: not found`) });
  const infra = kustomization(
    "infra",
    {},
    ready("False", "HealthCheckFailed", "timeout waiting for: [Deployment/shop/db]"),
    {
      inventory: { entries: [{ id: "shop_db_apps_Deployment", v: "v1" }] },
    },
  );
  const apps = kustomization("apps", { dependsOn: [{ name: "infra" }] }, waits);
  expect(diagnose({ objects, gitops: [good, infra, apps], expected })).toMatchObject([
    { type: "IMAGE_NOT_FOUND", affects: ["ConfigMap/conf"] },
  ]);
});

test("Flux does not answer a request", () => {
  const asked = (seconds: number) => ({ "reconcile.fluxcd.io/requestedAt": ago(seconds) });
  const silent = (seconds: number) => kustomization("apps", {}, ready("True", "", ""), { inventory }, asked(seconds));
  expect(of(good, silent(90))).toEqual([
    "Kustomization/flux-system/apps: Flux has not answered the request to reconcile Kustomization apps for 90 s",
  ]);
  expect(of(good, silent(30))).toEqual([]);
});

test.each<[string, (at: string) => string]>([
  ["a drill's own", (at) => `${at}+rebuild/shop+1`],
  ["one of flux reconcile", (at) => at.replace(/(\.\d+)?Z$/, ".000000001+00:00")],
])("Flux does not answer a request, %s", (_, token) => {
  const asked = { "reconcile.fluxcd.io/requestedAt": token(ago(90)) };
  const said = of(good, kustomization("apps", {}, ready("True", "", ""), { inventory }, asked));
  expect(said[0]).toContain("has not answered the request to reconcile Kustomization apps for 90 s");
  const handled = { inventory, lastHandledReconcileAt: token(ago(90)) };
  expect(of(good, kustomization("apps", {}, ready("True", "", ""), handled, asked))).toEqual([]);
});

test("Flux that is fine, on its way, or has trouble elsewhere is no cause", () => {
  const fine = kustomization("apps", {}, ready("True", "ReconciliationSucceeded", ""));
  expect(of(good, fine)).toEqual([]);
  expect(of(good, kustomization("apps", {}, ready("Unknown", "Progressing", "Reconciliation in progress")))).toEqual(
    [],
  );
  expect(
    of(good, kustomization("apps", {}, ready("False", "ReconciliationFailed", 'namespaces "shop" not found', 10))),
  ).toEqual([]);
  const elsewhere = kustomization("other", { targetNamespace: "other" }, ready("False", "BuildFailed", "x"), {});
  expect(of(good, fine, elsewhere)).toEqual([]);
  expect(of(good, elsewhere)).toEqual([
    "ConfigMap/conf: ConfigMap/conf is absent, and no Kustomization, HelmRelease or Application makes it",
  ]);
});

const release = (spec: object, conditions: object[], status = {}) =>
  object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "shop", { spec, status: { conditions, ...status } });

test.each([
  [
    {},
    ready("True", "InstallSucceeded", ""),
    "HelmRelease shop says Ready but has no drift detection, so Flux does not make deleted objects again",
  ],
  [{ suspend: true }, [], "HelmRelease shop is suspended, so Flux does not bring back what it makes"],
  [
    {},
    [
      ...ready("False", "InstallFailed", "chart requires kubeVersion >= 1.40", 5),
      condition("Stalled", "True", "RetriesExceeded", ""),
    ],
    "HelmRelease shop failed (InstallFailed) and Flux tries no more (RetriesExceeded): chart requires kubeVersion >= 1.40",
  ],
])("a HelmRelease, %#", (spec, conditions, cause) => {
  expect(of(release(spec, conditions))).toEqual([`HelmRelease/shop/shop: ${cause}`]);
});

test("a HelmRelease with drift detection, or still at work, is no cause", () => {
  expect(of(release({ driftDetection: { mode: "enabled" } }, ready("True", "", "")))).toEqual([]);
  expect(of(release({}, ready("Unknown", "Progressing", "Running install")))).toEqual([]);
});

test("a release that ran out of time is a symptom of the pods that it waited for", () => {
  const objects = workload("web", { status: waiting("ErrImagePull", "ghcr.io/acme/web:1: not found") });
  objects[0]!.metadata.labels = { "helm.toolkit.fluxcd.io/name": "shop" };
  const failed = release({}, ready("False", "InstallFailed", "Helm install failed: context deadline exceeded"));
  expect(diagnose({ objects, gitops: [failed], expected })).toMatchObject([
    { type: "IMAGE_NOT_FOUND", affects: ["ConfigMap/conf"] },
  ]);
});

const application = (status: object, syncPolicy: object = { automated: { selfHeal: true } }) =>
  object("argoproj.io/v1alpha1", "Application", "shop", {
    metadata: { namespace: "argocd" },
    spec: { destination: { namespace: "shop" }, syncPolicy },
    status: { resources: [{ version: "v1", kind: "ConfigMap", namespace: "shop", name: "conf" }], ...status },
  });

test("Argo CD does not take up a sync that it was asked for", () => {
  const asked = (seconds: number) => {
    const fields = { time: ago(seconds), manager: "firedrill", operation: "Update", fieldsV1: { "f:operation": {} } };
    const one = application({ sync: { status: "OutOfSync" } });
    return { ...one, operation: { sync: {} }, metadata: { ...one.metadata, managedFields: [fields] } };
  };
  expect(of(asked(90))).toEqual([
    "Application/argocd/shop: Argo CD has not taken up the sync of Application shop for 90 s",
  ]);
  expect(of(asked(30))).toEqual([]);
});

const failed = (message: string, more = {}) => ({ operationState: { phase: "Failed", message, ...more } });

test.each([
  [
    failed('one or more objects failed to apply, reason: namespaces "shop" not found (retried 5 times).'),
    undefined,
    `Argo CD's self-heal of Application shop began while the namespace was going, and gave up after 5 retries: one or more objects failed to apply, reason: namespaces "shop" not found (retried 5 times)`,
  ],
  [
    failed("one or more objects failed to apply", {
      syncResult: { resources: [{ kind: "Job", name: "setup", status: "SyncFailed", message: "field is immutable" }] },
    }),
    undefined,
    "the last sync of Application shop failed: Job/setup: field is immutable",
  ],
  [
    { conditions: [{ type: "ComparisonError", message: "apps: app path does not exist" }] },
    undefined,
    "Application shop cannot be compared with Git (ComparisonError): apps: app path does not exist",
  ],
  [{ sync: { status: "OutOfSync" } }, {}, "Application shop is out of sync, and its automated sync is off"],
  [
    { sync: { status: "OutOfSync" } },
    { automated: {} },
    "Application shop is out of sync, and without selfHeal Argo CD does not bring back what was deleted",
  ],
])("an Application, %#", (status, policy, cause) => {
  expect(of(application(status, policy))).toEqual([`Application/argocd/shop: ${cause}`]);
});

test("an Application that is syncing is no cause", () => {
  expect(of(application({ operationState: { phase: "Running" }, sync: { status: "OutOfSync" } }, {}))).toEqual([]);
  expect(of(application({ sync: { status: "OutOfSync" } }))).toEqual([]);
});

test("a sync that was begun while the namespace was going cannot succeed, as long as the namespace is not there", () => {
  const message =
    'one or more objects failed to apply, reason: namespaces "shop" not found. Retrying attempt #3 at 12:45AM.';
  const running = application({ operationState: { phase: "Running", message } });
  const gone = [object("v1", "Namespace", "other", {})];
  expect(lines({ gitops: [running], cluster: gone, expected })).toEqual([
    `Application/argocd/shop: Argo CD's self-heal of Application shop began while the namespace was going, and tries in vain: ${message.replace(/\.$/, "")}`,
  ]);
  const there = [object("v1", "Namespace", "shop", { metadata: { creationTimestamp: ago(5) } })];
  expect(lines({ gitops: [running], cluster: there, expected })).toEqual([]);
});

test("a name with a colon is found in an inventory, where it is two underlines", () => {
  const id = "shop_team__reader_rbac.authorization.k8s.io_Role";
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", name: "team:reader" };
  const suspended = kustomization("apps", { suspend: true }, ready("True", "", ""), {
    inventory: { entries: [{ id, v: "v1" }] },
  });
  const other = kustomization("other", { suspend: true }, ready("True", "", ""));
  expect(diagnose({ gitops: [suspended, other, good], expected: [role] })).toMatchObject([
    { object: "Kustomization/flux-system/apps", affects: ["Role/team:reader"] },
  ]);
});

test("what nobody makes is said so, after a while", () => {
  const cluster = (seconds: number) => [
    object("v1", "Namespace", "shop", { metadata: { creationTimestamp: ago(seconds) } }),
  ];
  const two = [...expected, { apiVersion: "v1", kind: "Secret", name: "by-hand" }];
  expect(diagnose({ cluster: cluster(60), expected: two })).toMatchObject([
    {
      type: "NOTHING_MAKES_IT",
      cause: "ConfigMap/conf, Secret/by-hand are absent, and no Kustomization, HelmRelease or Application makes them",
      affects: ["ConfigMap/conf", "Secret/by-hand"],
    },
  ]);
  expect(diagnose({ cluster: cluster(20), expected: two })).toEqual([]);
});
