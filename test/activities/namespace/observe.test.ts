import { expect, test } from "vitest";
import type { Entry, Recovery } from "../../../src/activities/namespace/memory.ts";
import { observe } from "../../../src/activities/namespace/observe.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** When what came back: by our clock where it was seen, by the object's own times where nobody looked. */

const lostAt = "2026-01-01T00:00:00.500Z";
const entry = (more: Partial<Entry> = {}): Entry => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  name: "shop",
  id: "Deployment/shop",
  uid: "old",
  origin: { from: "gitops", by: "", generated: false },
  troubleBefore: null,
  scaled: false,
  digest: {},
  ...more,
});
const deployment = (ready: number, more: object = {}): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop", uid: "new", generation: 1, creationTimestamp: "2026-01-01T00:00:10Z", ...more },
  spec: { replicas: 1 },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: ready,
    availableReplicas: ready,
    conditions: [
      { type: "Available", status: ready === 1 ? "True" : "False", lastTransitionTime: "2026-01-01T00:00:20Z" },
      {
        type: "Progressing",
        status: "True",
        reason: "NewReplicaSetAvailable",
        lastTransitionTime: "2026-01-01T00:00:20Z",
      },
    ],
  },
});
const look = (objects: KubernetesObject[], at: string, times: Recovery["times"] = {}, one = entry()) => ({
  waiting: observe([one], objects, { times, lostAt }, new Date(at)),
  times: times["Deployment/shop"],
});

test("what is not there is waited for; the old object is not the new one", () => {
  expect(look([], "2026-01-01T00:00:11.000Z")).toEqual({
    waiting: [{ id: "Deployment/shop", why: "missing" }],
    times: { existsAt: null, readyAt: null },
  });
  expect(look([deployment(1, { uid: "old" })], "2026-01-01T00:00:11.000Z").waiting).toMatchObject([{ why: "missing" }]);
});

test("what is seen as it happens is timed by our clock", () => {
  const times = {};
  expect(look([deployment(0)], "2026-01-01T00:00:10.700Z", times).times).toEqual({
    existsAt: "2026-01-01T00:00:10.700Z",
    readyAt: null,
  });
  expect(look([deployment(1)], "2026-01-01T00:00:20.300Z", times)).toEqual({
    waiting: [],
    times: { existsAt: "2026-01-01T00:00:10.700Z", readyAt: "2026-01-01T00:00:20.300Z" },
  });
});

test("what happened while nobody looked is timed by the object", () => {
  expect(look([deployment(1)], "2026-01-01T00:05:00.000Z").times).toEqual({
    existsAt: "2026-01-01T00:00:10.000Z",
    readyAt: "2026-01-01T00:00:20.000Z",
  });
});

test("what was ready and is not any more has not come back yet", () => {
  const times = {};
  look([deployment(1)], "2026-01-01T00:00:20.300Z", times);
  expect(look([deployment(0)], "2026-01-01T00:00:25.000Z", times)).toMatchObject({
    waiting: [{ id: "Deployment/shop" }],
    times: { readyAt: null },
  });
});

test("another version of its group is the same object, another group is not", () => {
  const other = (apiVersion: string) => ({ ...deployment(1), apiVersion });
  expect(look([other("apps/v2")], "2026-01-01T00:00:20.300Z").waiting).toEqual([]);
  expect(look([other("example.org/v1")], "2026-01-01T00:00:20.300Z").waiting).toMatchObject([{ why: "missing" }]);
});

test("what was not ready before is not waited for", () => {
  const one = entry({ troubleBefore: "0 of 1" });
  expect(look([deployment(0)], "2026-01-01T00:00:11.000Z", {}, one).waiting).toEqual([]);
});
