import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { type Drain, drainProblems, isEvictable, nodeOf } from "../../../src/activities/workload/drain-facts.ts";
import { condition, object } from "../../support/namespace.ts";

type Fields = Record<string, unknown>;

const node = (name: string, spec: Fields = {}, labels: Fields = {}, ready = "True") =>
  object("v1", "Node", name, {
    metadata: { namespace: undefined, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec,
    status: { conditions: [condition("Ready", ready)] },
  });
const owned = (kind: string) => ({
  ownerReferences: [{ apiVersion: "apps/v1", kind, name: "x", uid: "x", controller: true }],
});
const pod = (name: string, spec: Fields = {}, metadata: Fields = {}) =>
  object("v1", "Pod", name, {
    metadata: { labels: { app: name.split("-")[0] }, ...owned("StatefulSet"), ...metadata },
    spec: { nodeName: "a", ...spec },
  });
const volume = (hostname: string) =>
  object("v1", "PersistentVolume", "pv-1", {
    spec: {
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [hostname] }] },
          ],
        },
      },
    },
  });
const budget = (name: string, selector: Fields | undefined, disruptionsAllowed: number) =>
  object("policy/v1", "PodDisruptionBudget", name, { spec: { selector }, status: { disruptionsAllowed } });

const sound = (change: Partial<Drain> = {}): Drain => ({
  node: "a",
  own: [pod("store-0")],
  others: [],
  nodes: [node("a"), node("b")],
  budgets: [],
  volumes: [],
  accepts: [],
  ...change,
});
const problems = (change: Partial<Drain>) => drainProblems(sound(change)).map(({ problem }) => problem);

test("a drain that another node can follow has nothing against it", () => {
  expect(problems({})).toEqual([]);
});

describe("a node that cannot take the pods does not count", () => {
  const tainted = { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] };
  const tolerant = (toleration: Fields) => [pod("store-0", { tolerations: [toleration] })];
  test.each<[string, Partial<Drain>, RegExp | undefined]>([
    ["it is the only one", { nodes: [node("a")] }, /no other node than a could take its pods \(it is the only one\)/],
    ["cordoned", { nodes: [node("a"), node("b", { unschedulable: true })] }, /b is cordoned/],
    ["not ready", { nodes: [node("a"), node("b", {}, {}, "Unknown")] }, /b is not ready/],
    ["tainted", { nodes: [node("b", tainted)] }, /b has the taint gpu/],
    [
      "tainted, as the pods tolerate",
      { nodes: [node("b", tainted)], own: tolerant({ key: "gpu", value: "yes" }) },
      undefined,
    ],
    [
      "tainted with another value",
      { nodes: [node("b", tainted)], own: tolerant({ key: "gpu", value: "no" }) },
      /taint/,
    ],
    [
      "tainted, and all is tolerated",
      { nodes: [node("b", tainted)], own: tolerant({ operator: "Exists" }) },
      undefined,
    ],
    ["without a label", { own: [pod("store-0", { nodeSelector: { disk: "ssd" } })] }, /b lacks the label disk=ssd/],
    ["without the volume", { volumes: [volume("a")] }, /b cannot have the volume pv-1/],
    ["with the volume", { volumes: [volume("b")] }, undefined],
  ])("%s", (_, change, told) => {
    const found = problems(change);
    if (told === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([expect.stringMatching(told)]);
  });
});

test("pods of others must be accepted, each by namespace and name", () => {
  const others = [pod("cart-1"), pod("web-1")];
  expect(problems({ others })).toEqual(["these pods of others would be evicted as well: shop/cart-1, shop/web-1"]);
  expect(problems({ others, accepts: ["shop/cart-*"] })[0]).toMatch(/: shop\/web-1$/);
  expect(problems({ others, accepts: ["shop/*"] })).toEqual([]);
  expect(problems({ others, accepts: ["other/*"] })).toHaveLength(1);
});

test("neither what nobody makes again nor what conducts runs is evicted, accepted or not", () => {
  const bare = pod("bare-1", {}, { ownerReferences: [] });
  expect(problems({ others: [bare], accepts: ["shop/*"] })).toEqual([
    "nothing would make these pods again: shop/bare-1",
  ]);
  const server = pod("server-1", {}, { namespace: "temporal" });
  expect(problems({ others: [server], accepts: ["temporal/*"] })).toEqual([
    "runs are conducted from these pods on it: temporal/server-1",
  ]);
});

test("a budget that allows nothing now, or two of one pod, are told", () => {
  const mine = { matchLabels: { app: "store" } };
  expect(problems({ budgets: [budget("keep", mine, 1), budget("far", { matchLabels: { app: "x" } }, 0)] })).toEqual([]);
  expect(problems({ budgets: [budget("keep", mine, 0)] })).toEqual([
    "disruption budget shop/keep does not allow pod shop/store-0 to be evicted now",
  ]);
  const every = { matchExpressions: [{ key: "app", operator: "Exists" }] };
  expect(problems({ budgets: [budget("keep", mine, 1), budget("all", every, 1)] })).toEqual([
    "pod shop/store-0 has 2 disruption budgets (shop/all, shop/keep), and is never evicted",
  ]);
  // Without a selector it is for no pod; an empty one is for every pod.
  expect(problems({ budgets: [budget("none", undefined, 0)] })).toEqual([]);
  expect(problems({ budgets: [budget("all", {}, 0)] })).toHaveLength(1);
});

test("pods of the node itself and of DaemonSets stay, and so does what is over or goes already", () => {
  const stays: KubernetesObject[] = [
    pod("a", {}, owned("DaemonSet")),
    pod("b", {}, { annotations: { "kubernetes.io/config.mirror": "x" } }),
    { ...pod("c"), status: { phase: "Succeeded" } },
    pod("d", {}, { deletionTimestamp: "2026-11-27T12:00:00Z" }),
  ];
  expect(stays.map(isEvictable)).toEqual([false, false, false, false]);
  expect(isEvictable(pod("e"))).toBe(true);
});

test("the node with most of the pods is drained", () => {
  expect(nodeOf([pod("x"), pod("y", { nodeName: "b" }), pod("z", { nodeName: "b" })])).toBe("b");
  expect(nodeOf([pod("x", { nodeName: "b" }), pod("y")])).toBe("a");
  expect(nodeOf([pod("x", { nodeName: undefined })])).toBeNull();
});
