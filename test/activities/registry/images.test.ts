import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { askForImages } from "../../../src/activities/registry/images.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** Which images of a namespace the registry is asked for: a server that has all but those whose name ends with "gone". */

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.writeHead(request.url!.includes("gone/") ? 404 : 200).end();
});
let registry = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => void asked.splice(0));
afterAll(() => void server.close());

const signal = new AbortController().signal;

function object(kind: string, name: string, spec: object, owner?: KubernetesObject, phase = "Running") {
  const ownerReferences = owner && [
    { apiVersion: "v1", kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid! },
  ];
  const metadata = { name, namespace: "shop", uid: `${kind}/${name}`, ...(ownerReferences && { ownerReferences }) };
  return { apiVersion: "v1", kind, metadata, spec, status: { phase } } as KubernetesObject;
}
const pod = (name: string, ...more: object[]) => ({
  ...Object.assign({}, ...more),
  containers: [{ name: "one", image: `${registry}/${name}:1` }],
});
const template = (name: string) => ({ template: { spec: pod(name) } });

async function namesAsked(...objects: KubernetesObject[]): Promise<string[]> {
  await askForImages(objects, signal);
  return asked.map((path) => /^\/v2\/([^/]+)/.exec(path)![1]!).toSorted();
}

test("pods of an operator tell its images, with those of their init containers, and none that only debugs", async () => {
  const owner = object("RabbitmqCluster", "queue", {});
  const initContainers = [{ name: "init", image: `${registry}/init:1` }];
  const ephemeralContainers = [{ name: "debug", image: `${registry}/debug:1` }];
  const one = object("Pod", "queue-0", pod("queue", { initContainers, ephemeralContainers }), owner);
  expect(await namesAsked(owner, one)).toEqual(["init", "queue"]);
});

test("so do those of a ReplicaSet that a Rollout has made", async () => {
  const rollout = object("Rollout", "shop", {});
  const set = object("ReplicaSet", "shop-1", template("old"), rollout);
  expect(await namesAsked(rollout, set, object("Pod", "shop-1-0", pod("new"), set))).toEqual(["new"]);
});

test("a template says what comes back, and not the pods of it", async () => {
  const deployment = object("Deployment", "shop", template("new"));
  const set = object("ReplicaSet", "shop-1", template("old"), deployment);
  const night = object("CronJob", "night", { jobTemplate: { spec: template("night") } });
  const job = object("Job", "night-1", template("old"), night);
  const pods = [object("Pod", "shop-1-0", pod("old"), set), object("Pod", "night-1-0", pod("old"), job)];
  expect(await namesAsked(deployment, set, night, job, ...pods)).toEqual(["new", "night"]);
});

test("what an operator has finished says nothing of what it makes next; a pod of Git's own is made again", async () => {
  const owner = object("Backup", "shop", {});
  const done = object("Pod", "backup-1", pod("done"), owner, "Succeeded");
  expect(await namesAsked(owner, done, object("Pod", "own", pod("own"), undefined, "Failed"))).toEqual(["own"]);
});

test("one that is gone is told, with the pod that uses it", async () => {
  const owner = object("RabbitmqCluster", "queue", {});
  const { gone } = await askForImages([owner, object("Pod", "queue-0", pod("gone"), owner)], signal);
  expect(gone).toMatchObject([{ image: `${registry}/gone:1`, usedBy: "Pod/queue-0" }]);
});
