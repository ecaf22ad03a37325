import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { deniedReason } from "../../../src/activities/kubernetes/denied.ts";

/** Namespaces that are never deleted, whoever lists them. */

const self = { namespace: undefined, hostname: "worker-5d8", addresses: ["127.0.0.1", "10.1.0.7"] };
const pod = (name: string, ip: string, spec: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "drills" },
  spec: spec as Record<string, unknown>,
  status: { podIPs: [{ ip }] },
});

test.each(["kube-system", "default", "flux-system", "argocd", "longhorn-system", "velero", "temporal", "firedrill"])(
  "%s",
  (namespace) => expect(deniedReason(namespace, [], self)).not.toBeNull(),
);

test("the one in which this worker runs, by what Kubernetes tells it", () => {
  expect(deniedReason("drills", [], { ...self, namespace: "drills" })).toBe("this worker runs in it");
});

test("the one in which this worker runs, by its pod's name and address", () => {
  const reason = "this worker runs in it, as Pod/worker-5d8";
  expect(deniedReason("drills", [pod("worker-5d8", "10.1.0.7")], self)).toBe(reason);
  expect(deniedReason("drills", [pod("other", "10.1.0.7", { hostname: "worker-5d8" })], self)).toMatch(/Pod\/other$/);
});

test("a pod of another cluster with the same address, or the same name, is not this worker", () => {
  for (const other of [pod("shop-0", "10.1.0.7"), pod("worker-5d8", "10.1.0.8")])
    expect(deniedReason("drills", [other], self)).toBeNull();
});
