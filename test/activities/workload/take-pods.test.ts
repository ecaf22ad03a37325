import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../../src/activities/kubernetes/cluster.ts";
import { deleteAll, evictAll } from "../../../src/activities/workload/take-pods.ts";
import { describeFailure } from "../../../src/failures.ts";
import { answer, type Answering, type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** Deletions and evictions, as the API server answers them; that it does answer so is seen in test/cluster/workload.test.ts. */

let server: FakeApiServer;
let cluster: Cluster;
afterEach(async () => {
  await cluster.close();
  await server.stop();
});

async function serve(...answering: Answering[]): Promise<void> {
  server = await startFakeApiServer(...answering);
  cluster = openCluster(server.kubeconfig());
}

const evicted = answer.json({ kind: "Status", status: "Success" }, 201);
const message = "Cannot evict pod as it would violate the pod's disruption budget.";
const budget = "The disruption budget keep needs 1 healthy pods and has 1 currently";
const causes = [{ reason: "DisruptionBudget", message: budget }];
const held = answer.json({ kind: "Status", status: "Failure", code: 429, message, details: { causes } }, 429);
const pod = (name: string, namespace = "shop") => ({ namespace, name, uid: `uid-${name}` });
const context = { signal: new AbortController().signal, progress: () => {} };

test("a pod is deleted by its uid: its successor of the same name stays, and is no failure", async () => {
  const successor = answer.json({ metadata: { name: "store-0", uid: "uid-new" } });
  await serve(answer.status(409, "the UID in the precondition does not match"), successor);
  await deleteAll({ cluster }, { pods: [pod("store-0")] }, "force");
  expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "DELETE /api/v1/namespaces/shop/pods/store-0",
    "GET /api/v1/namespaces/shop/pods/store-0",
  ]);
  expect(JSON.parse(server.asked[0]!.body)).toMatchObject({
    gracePeriodSeconds: 0,
    preconditions: { uid: "uid-store-0" },
  });
});

test("each pod is evicted by its uid; only the workload's own at once", async () => {
  await serve(evicted);
  const doomed = { pods: [pod("store-0")], others: [pod("cart-1", "other")] };
  await evictAll({ cluster }, doomed, { pods: "force", standstill: 1_000 }, context);
  expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/v1/namespaces/shop/pods/store-0/eviction",
    "POST /api/v1/namespaces/other/pods/cart-1/eviction",
  ]);
  expect(server.asked.map(({ body }) => (JSON.parse(body) as { deleteOptions: object }).deleteOptions)).toEqual([
    { gracePeriodSeconds: 0, preconditions: { uid: "uid-store-0" } },
    { preconditions: { uid: "uid-cart-1" } },
  ]);
});

test("what a budget holds is asked for again; what is gone, or is another one by now, is not", async () => {
  const other = answer.json({ metadata: { name: "store-1", uid: "uid-new" } });
  const conflict = answer.status(409, "the UID in the precondition does not match");
  await serve(held, conflict, other, answer.status(404, "not found"), evicted);
  const doomed = { pods: [pod("store-0"), pod("store-1"), pod("store-2")], others: [] };
  await evictAll({ cluster }, doomed, { pods: "graceful", standstill: 60_000 }, context);
  const evictions = server.asked.filter(({ method }) => method === "POST").map(({ path }) => path.split("/").at(-2));
  expect(evictions).toEqual(["store-0", "store-1", "store-2", "store-0"]);
});

test("a budget that goes on holding is named", async () => {
  await serve(held);
  const ended = evictAll(
    { cluster },
    { pods: [pod("store-0")], others: [] },
    { pods: "graceful", standstill: 1 },
    context,
  );
  const failure = describeFailure(await ended.catch((error: unknown) => error));
  expect(failure).toMatchObject({
    type: "TIMED_OUT",
    message: `the node cannot be drained: pod shop/store-0 is held: ${budget}`,
  });
  expect(failure.hint).toMatch(/Abort lets the node take pods again/);
});

test("a server that is busy is no budget: it is asked again at once", async () => {
  await serve(answer.status(429, "too many requests"), evicted);
  await evictAll({ cluster }, { pods: [pod("store-0")], others: [] }, { pods: "graceful", standstill: 1 }, context);
  expect(server.asked).toHaveLength(2);
});
