import { expect, test } from "vitest";
import { madeBefore, rowsOfMade, waitingForMade } from "../../../src/activities/namespace/made.ts";
import type { Entry } from "../../../src/activities/namespace/memory.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** What an operator makes is counted, as its custom resource may say nothing of it. */

const entry = (kind: string, name: string, by: string, troubleBefore: string | null = null): Entry => ({
  apiVersion: "v1",
  kind,
  name,
  id: `${kind}/${name}`,
  uid: name,
  origin: { from: "owner", by, generated: true },
  scaled: false,
  troubleBefore,
  digest: {},
});
const service = (name: string, owner: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    ownerReferences: [{ apiVersion: "x/v1", kind: owner.split("/")[0]!, name: owner.split("/")[1]!, uid: "new" }],
  },
});
const inventory = {
  entries: [
    entry("ConfigMap", "a", "RabbitmqCluster/queue"),
    entry("ConfigMap", "b", "RabbitmqCluster/queue"),
    entry("ConfigMap", "c", "RabbitmqCluster/queue", "not ready before"),
    entry("ReplicaSet", "web-1", "Deployment/web"),
    entry("Secret", "sh.helm.release.v1.x.v1", "HelmRelease"),
  ],
};

test("by custom resource and kind; what tells itself how it is, and what was not ready before, is left out", () => {
  expect(madeBefore(inventory)).toEqual([
    { id: "RabbitmqCluster/queue → ConfigMap", by: "RabbitmqCluster/queue", kind: "ConfigMap", ready: 2 },
  ]);
});

test("too few are waited for, and fail; of another owner they do not count", () => {
  const made = madeBefore(inventory);
  const one = [service("a", "RabbitmqCluster/queue"), service("x", "RabbitmqCluster/other")];
  expect(waitingForMade(made, one)).toEqual([{ id: "RabbitmqCluster/queue → ConfigMap", why: "1 of 2 ready" }]);
  expect(rowsOfMade(made, one)).toMatchObject([{ passed: false, expected: "2 ready, as before", found: "1 ready" }]);
  const both = [...one, service("b", "RabbitmqCluster/queue")];
  expect(waitingForMade(made, both)).toEqual([]);
  expect(rowsOfMade(made, both)).toMatchObject([{ passed: true, proven: true }]);
});
