import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { webhookProblems } from "../../../src/activities/namespace/webhooks.ts";
import { object, owner, service, workload } from "../../support/namespace.ts";

/** Webhooks that would keep a namespace from being made again. */

const resource = (group: string, version: string, kind: string, plural: string, namespaced = true) => ({
  group,
  version,
  kind,
  plural,
  namespaced,
  verbs: ["list"],
});
const resources = [
  resource("", "v1", "Pod", "pods"),
  resource("", "v1", "ConfigMap", "configmaps"),
  resource("", "v1", "Namespace", "namespaces", false),
  resource("apps", "v1", "Deployment", "deployments"),
];

const namespace = object("v1", "Namespace", "shop", {
  metadata: { namespace: undefined, labels: { "kubernetes.io/metadata.name": "shop", team: "a" } },
});
const web = workload("web", { ready: true });
const wanted = [namespace, object("v1", "ConfigMap", "settings"), ...web];

const pods = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const webhook = (more: object = {}) => ({
  name: "policy.example.com",
  clientConfig: { service: { namespace: "policy", name: "policy" } },
  rules: [pods],
  failurePolicy: "Fail",
  ...more,
});
const configuration = (more: object = {}, metadata: object = {}) =>
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "policy", {
    metadata: { namespace: undefined, ...metadata },
    webhooks: [webhook(more)],
  });
const elsewhere = (objects: KubernetesObject[], at = "policy") =>
  objects.map((one) => ({ ...one, metadata: { ...one.metadata, namespace: at } }));
const answering = elsewhere(service("policy", { app: "policy" }, "policy-0"));
const silent = elsewhere(service("policy", { app: "policy" }));

const problems = (one: KubernetesObject, by: KubernetesObject[] = []) =>
  webhookProblems(namespace, { webhooks: [one], answering: by }, wanted, resources).map(({ problem }) => problem);

test.each([
  ["there is no Service policy/policy, which it names", []],
  ["its Service policy/policy has no ready endpoint", silent],
])("nobody answers: %s", (why, by) => {
  expect(problems(configuration(), by)).toEqual([
    `ValidatingWebhookConfiguration/policy lets nothing in without an answer of its webhook policy.example.com (failurePolicy Fail), which is asked for Pod/web-5d8-0; but ${why}`,
  ]);
});

test("somebody answers", () => {
  expect(problems(configuration(), answering)).toEqual([]);
});

const own = { clientConfig: { service: { namespace: "shop", name: "web" } } };
const ofShop = service("web", { app: "web" }, "web-5d8-0");

test("it runs in the namespace, and its own pods would have to pass it", () => {
  expect(problems(configuration(own), ofShop)).toEqual([
    expect.stringContaining("its Service shop/web lies in the namespace, and its own Pod/web-5d8-0 is among"),
  ]);
});

test.each([
  ["its own pods need not pass it", { ...own, rules: [{ ...pods, resources: ["configmaps"] }] }, {}],
  ["its configuration goes with the namespace", own, owner(namespace)],
])("it runs in the namespace, but %s", (_, more, metadata) => {
  expect(problems(configuration(more, metadata), ofShop)).toEqual([]);
});

test.each([
  ["it says nothing of failures, and so fails closed", { failurePolicy: undefined }],
  ["every kind", { rules: [{ ...pods, apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], operations: ["*"] }] }],
  ["the Namespace itself", { rules: [{ ...pods, resources: ["namespaces"], scope: "Cluster" }] }],
  ["a Deployment", { rules: [{ ...pods, apiGroups: ["apps"], resources: ["deployments", "deployments/scale"] }] }],
  ["the namespace by its name", { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } } }],
  ["all but others", { namespaceSelector: { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] } }],
  ["pods by their labels", { objectSelector: { matchLabels: { app: "web" } } }],
])("it is asked for %s", (_, more) => {
  expect(problems(configuration(more))).toHaveLength(1);
});

test.each([
  ["it may fail", { failurePolicy: "Ignore" }],
  ["of another namespace", { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "other" } } }],
  ["of other pods", { objectSelector: { matchLabels: { app: "other" } } }],
  ["when something is deleted or changed", { rules: [{ ...pods, operations: ["DELETE", "UPDATE"] }] }],
  ["of a group that has another kind of that name", { rules: [{ ...pods, apiGroups: ["example.org"] }] }],
  ["of another version", { rules: [{ ...pods, apiVersions: ["v2"] }] }],
  ["of kinds that are not there", { rules: [{ ...pods, resources: ["secrets"] }] }],
  ["of commands in pods", { rules: [{ ...pods, resources: ["pods/exec"] }] }],
  ["of what has no namespace", { rules: [{ ...pods, scope: "Cluster" }] }],
  ["where a condition holds", { matchConditions: [{ name: "x", expression: "true" }] }],
  ["at an address outside of the cluster", { clientConfig: { url: "https://policy.example.com" } }],
  ["without rules", { rules: undefined }],
])("it is not asked, or not surely: %s", (_, more) => {
  expect(problems(configuration(more))).toEqual([]);
});

test("a name outside of the cluster may answer", () => {
  const [first, ...rest] = silent;
  expect(problems(configuration(), [{ ...first!, spec: { type: "ExternalName" } }, ...rest])).toEqual([]);
});
