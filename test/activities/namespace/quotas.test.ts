import { expect, test } from "vitest";
import { quantity } from "../../../src/activities/kubernetes/quantity.ts";
import { finalizerWords } from "../../../src/activities/namespace/finalizers.ts";
import { quotaProblems } from "../../../src/activities/namespace/quotas.ts";
import { object } from "../../support/namespace.ts";

/** What is there, and would not fit again; and what goes only when somebody lets it go. */

const quota = (hard: object, used: object) =>
  object("v1", "ResourceQuota", "compute", { spec: { hard }, status: { hard, used } });
const problems = (hard: object, used: object) => quotaProblems([quota(hard, used)]).map(({ problem }) => problem);

test("each amount that is used beyond the quota is named", () => {
  expect(
    problems({ pods: "1", "requests.cpu": "500m", memory: "1Gi" }, { pods: "2", "requests.cpu": "1", memory: "1Gi" }),
  ).toEqual([
    "ResourceQuota/compute is used beyond what it allows (pods 2 of 1, requests.cpu 1 of 500m): not all that is there would be let in again",
  ]);
});

test.each([
  [{ pods: "2" }, { pods: "2" }],
  [{ "limits.memory": "1Gi" }, { "limits.memory": "1023Mi" }],
  [{ pods: "2" }, {}],
  [{ pods: "2" }, { services: "9" }],
])("there is room: %o, used %o", (hard, used) => {
  expect(problems(hard, used)).toEqual([]);
});

test("a quota that somebody's own kind calls so is none, nor is one that nobody has counted yet", () => {
  expect(quotaProblems([{ ...quota({ pods: "1" }, { pods: "2" }), apiVersion: "example.org/v1" }])).toEqual([]);
  expect(quotaProblems([object("v1", "ResourceQuota", "new", { spec: { hard: { pods: "1" } } })])).toEqual([]);
});

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["2Gi", 2 ** 31],
  ["1e3", 1000],
  ["1.5k", 1500],
  ["1E", 1e18],
  ["many", Number.NaN],
  ["1Zi", Number.NaN],
])("the quantity %s is %d", (text, number) => {
  expect(quantity(text)).toBe(number);
});

test("finalizers of others than Kubernetes are told, and how many more there are", () => {
  const held = (name: string, ...finalizers: string[]) => object("v1", "Secret", name, { metadata: { finalizers } });
  expect(finalizerWords([held("a", "kubernetes.io/pvc-protection", "foregroundDeletion"), held("b")])).toBe("");
  expect(finalizerWords([held("a", "example.org/x", "orphan"), held("b", "longhorn.io")])).toBe(
    "Secret/a (example.org/x), Secret/b (longhorn.io)",
  );
  const many = ["a", "b", "c", "d", "e", "f", "g"].map((name) => held(name, "x.io/y"));
  expect(finalizerWords(many)).toMatch(/Secret\/e \(x\.io\/y\) and 2 more$/);
});
