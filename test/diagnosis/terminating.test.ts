import { expect, test } from "vitest";
import { ago, condition, crashed, diagnose, lines, object, workload } from "../support/namespace.ts";

/** A namespace that was deleted and does not go. */

const going = (seconds: number, ...conditions: object[]) =>
  object("v1", "Namespace", "shop", {
    metadata: { namespace: undefined, deletionTimestamp: ago(seconds) },
    status: { phase: "Terminating", conditions },
  });
const held = (apiVersion: string, kind: string, name: string, finalizer: string) =>
  object(apiVersion, kind, name, { metadata: { deletionTimestamp: ago(60), finalizers: [finalizer] } });

test.each([
  [
    held("longhorn.io/v1beta2", "Volume", "pvc-1", "longhorn.io"),
    "longhorn.io",
    "Volume.longhorn.io/pvc-1",
    /longhorn-manager/,
  ],
  [
    held("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "apps", "finalizers.fluxcd.io"),
    "finalizers.fluxcd.io",
    "Kustomization.kustomize.toolkit.fluxcd.io/apps",
    /Flux controllers/,
  ],
  [
    held("acme.io/v1", "Thing", "t", "cleanup.acme.io/keep"),
    "cleanup.acme.io/keep",
    "Thing.acme.io/t",
    /the controller of cleanup\.acme\.io \(acme\.io\) runs/,
  ],
  [
    held("v1", "PersistentVolumeClaim", "data", "kubernetes.io/pvc-protection"),
    "kubernetes.io/pvc-protection",
    "PersistentVolumeClaim/data",
    /still used by a pod/,
  ],
])("a finalizer, its object and its controller are named: %#", (object, finalizer, name, hint) => {
  const [cause, ...more] = diagnose({ objects: [object], cluster: [going(60)], expected: [] });
  expect(more).toEqual([]);
  expect(cause).toMatchObject({
    type: "NAMESPACE_TERMINATING",
    cause: `namespace shop cannot go: finalizer ${finalizer} holds ${name} for 60 s now`,
  });
  expect(cause!.hint).toMatch(hint);
});

test("a dead API service keeps every namespace", () => {
  const failure = condition(
    "NamespaceDeletionDiscoveryFailure",
    "True",
    "DiscoveryFailed",
    "unable to retrieve metrics.k8s.io/v1beta1",
  );
  const service = object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", {
    status: {
      conditions: [
        condition("Available", "False", "MissingEndpoints", "endpoints for service/metrics-server are not there"),
      ],
    },
  });
  const expected = [{ apiVersion: "apps/v1", kind: "Deployment", name: "web" }];
  expect(diagnose({ cluster: [going(60, failure), service], expected })).toMatchObject([
    {
      type: "API_SERVICE_DEAD",
      object: "APIService/v1beta1.metrics.k8s.io",
      cause:
        "namespace shop cannot go, because API service v1beta1.metrics.k8s.io is dead: endpoints for service/metrics-server are not there",
      affects: ["Deployment/web"],
    },
  ]);
  expect(lines({ cluster: [going(60, failure)] })).toEqual([
    "Namespace/shop: namespace shop cannot go, because not all kinds can be listed: unable to retrieve metrics.k8s.io/v1beta1",
  ]);
});

test("nothing is said while it is going, nor of what is wrong in it; after a minute the namespace's own words are", () => {
  const remaining = condition(
    "NamespaceContentRemaining",
    "True",
    "",
    "Some resources are remaining: pods. has 1 resource instances",
  );
  const objects = workload("web", { status: crashed(1) });
  expect(lines({ objects, cluster: [going(10, remaining)] })).toEqual([]);
  expect(lines({ objects: [held("v1", "Secret", "s", "acme.io/keep")], cluster: [going(14)] })).toEqual([]);
  expect(lines({ objects, cluster: [going(50, remaining)] })).toEqual([]);
  expect(lines({ objects, cluster: [going(70, remaining)] })).toEqual([
    "Namespace/shop: namespace shop does not go: Some resources are remaining: pods. has 1 resource instances",
  ]);
});
