import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { ownerOf } from "../../../src/activities/namespace-data/owned-pods.ts";
import { notNamed, notWithin } from "../../../src/activities/namespace-data/server.ts";
import { namespaceWithData } from "../../support/plans.ts";
import { object, owner } from "../../support/namespace.ts";

/** Whether the server that answers is the namespace's own, and who works with it. */

const [holder, , component] = namespaceWithData().components as [never, never, never];
const deployment = object("apps/v1", "Deployment", "shop");
const set = object("apps/v1", "ReplicaSet", "shop-5d8", { metadata: owner(deployment) });
const pod = (name: string, ip: string, of?: KubernetesObject) =>
  object("v1", "Pod", name, { metadata: of && owner(of), status: { podIPs: [{ ip }] } });
const server = pod("postgres-0", "10.1.0.5", object("apps/v1", "StatefulSet", "postgres"));
const user = pod("shop-5d8-x", "10.1.0.6", set);
const stranger = pod("debug", "10.1.0.7");
const all = [server, user, stranger].map((one) => ({ pod: one, owner: ownerOf(one, [set]) }));
const where = { server: "StatefulSet/postgres", users: ["Deployment/shop"], holder, component };

test("a pod belongs to its Deployment by way of the ReplicaSet, to a StatefulSet at once, and may belong to nobody", () => {
  expect(all.map(({ owner: of }) => of)).toEqual(["StatefulSet/postgres", "Deployment/shop", ""]);
});

test.each([
  ["10.1.0.5", null],
  ["10.1.0.6", "runs at 10.1.0.6, and that is no pod of StatefulSet/postgres in namespace shop"],
  ["192.168.0.9", "runs at 192.168.0.9"],
  [null, "is reached by a Unix socket"],
] as const)("a server at %s", (address, problem) => {
  const found = notWithin({ ...where, address }, all);
  if (problem === null) expect(found).toEqual([]);
  else expect(found).toMatchObject([{ problem: expect.stringContaining(problem) as string }]);
});

test.each([
  [
    "its users, the server itself, and somebody from outside",
    ["10.1.0.5", "10.1.0.6", "172.16.0.1"],
    ["Deployment/shop"],
    [],
  ],
  ["a Deployment that is not named", ["10.1.0.6"], [], ["Deployment/shop works with database shop"]],
  ["a pod of nobody", ["10.1.0.7"], ["Deployment/shop"], ["Pod/debug works with database shop"]],
  ["a user that does not exist", [], ["Deployment/shpo"], ["Deployment/shpo, which it names as a user of shop"]],
] as const)("connected: %s", (_, clients, users, problems) => {
  const found = notNamed({ ...where, clients: [...clients], users: [...users] }, all);
  expect(found.map(({ problem }) => problem)).toEqual(problems.map((one) => expect.stringContaining(one) as string));
});
