import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { addSecondNode } from "../../lab/cluster/second-node.ts";
import { recheck } from "../../src/report/recheck.ts";
import { planFor } from "../support/cluster-drill.ts";
import {
  check,
  createWorkloadDrill,
  guards,
  workloadComponent,
  type WorkloadDrill,
} from "../support/cluster-workloads.ts";
import { step } from "../support/drill.ts";

/**
 * A node is drained, and its pods come back on the other one. Real: two kubelets with a containerd each, scheduler, evictions and
 * budgets. Both are on one machine: the folders of the volumes are there on both.
 */

let drill: WorkloadDrill;
let second = "";
const first = "localhost";
beforeAll(async () => {
  drill = await createWorkloadDrill("test-drain");
  second = await addSecondNode(drill.sandbox, drill.built);
  const nodes = [first, second].map((node) => ({ cluster: drill.identity, node }));
  await drill.configure({ mayDestroy: [{ cluster: drill.identity, namespace: "shop" }, ...nodes] });
  await drill.killWorker();
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

const place = async (app: string) =>
  await drill.k(`-n shop get pods -l app=${app} -o jsonpath={.items[*].spec.nodeName}`);

/** How many pods of the store must be ready. */
async function budget(least: string): Promise<void> {
  await drill.k("-n shop delete pdb keep --ignore-not-found");
  await drill.k(`-n shop create poddisruptionbudget keep --selector=app=store --min-available=${least}`);
  const seen = async () => (await drill.k("-n shop get pdb keep -o jsonpath={.status.expectedPods}")) === "2";
  await waitUntil("the budget counts", 20_000, seen);
}

const drained = (more: object = {}) =>
  workloadComponent("statefulset/store", { lose: "node", accepts: ["shop/web-*", "shop/cache-*"], ...more });

test("a node is drained: its pods come back on the other one, with their data, and it takes pods again", async () => {
  await drill.allRolledOut();
  expect(await place("store")).toBe(`${first} ${first}`);
  // One after the other: the budget wants one of them to stay.
  await budget("1");
  await drill.k("-n shop exec store-0 -- cp /bin/busybox /data/kept");
  await planFor(drill, [drained()]);
  const run = await drill.exercise();
  await waitUntil("the node is cordoned", 120_000, async () => await drill.isCordoned(first));
  const ready = async () => Number(await drill.k("-n shop get statefulset store -o jsonpath={.status.readyReplicas}"));
  for (let now = await run.record(); step(now, "destroy/store").status === "running"; now = await run.record())
    expect(await ready()).toBeGreaterThan(0);
  await drill.k("-n shop delete pdb keep");
  expect(await drill.isCordoned(first)).toBe(true);
  const record = await run.end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(step(record, "preflight/store").note).toMatch(
    /a drain of localhost evicts 2 of them, and shop\/cache-.*, shop\/web-/,
  );
  expect(step(record, "destroy/store").note).toMatch(/localhost is drained, evicted as well: shop\/cache-/);
  expect(await place("store")).toBe(`${second} ${second}`);
  expect(check(record, "files data-store-0")).toMatchObject({
    passed: true,
    found: expect.stringMatching(/^1 file, sha256 /) as string,
  });
  expect(await drill.isCordoned(first)).toBe(false);
  expect(recheck(record).found).toEqual([]);
});

test("a worker that is killed while the node is drained, and a run that is terminated: the node takes pods again", async () => {
  for (const ending of ["worker", "run"] as const) {
    await drill.allRolledOut();
    const node = (await place("store")).split(" ")[0]!;
    await planFor(drill, [drained()]);
    const run = await drill.exercise();
    await waitUntil("the node is cordoned", 120_000, async () => await drill.isCordoned(node));
    if (ending === "worker") {
      await drill.killWorker();
      await drill.startWorker();
      expect(await run.end()).toMatchObject({ verdict: "PASS", leftovers: [] });
    } else await run.handle.terminate("by hand");
    await waitUntil("the node takes pods again", 120_000, async () => !(await drill.isCordoned(node)));
  }
});

/** Lets all pods of the store run on one node. */
async function gather(node: string): Promise<void> {
  const other = node === first ? second : first;
  await drill.k(`cordon ${other}`);
  await drill.k("-n shop delete pods -l app=store");
  await drill.allRolledOut();
  await drill.k(`uncordon ${other}`);
  expect(await place("store")).toBe(`${node} ${node}`);
}

test("a node that was cordoned before stays so", async () => {
  await drill.allRolledOut();
  await gather(second);
  await drill.k(`cordon ${second}`);
  await planFor(drill, [drained()]);
  const record = await (await drill.exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await place("store")).toBe(`${first} ${first}`);
  expect(await drill.isCordoned(second)).toBe(true);
  await drill.k(`uncordon ${second}`);
});

test("a budget that allows nothing refuses a drain; one that holds it too long is named, and abort gives the node back", async () => {
  await drill.allRolledOut();
  const node = first;
  await gather(node);
  await budget("100%");
  await planFor(drill, [drained()]);
  const refused = await (await drill.exercise()).end();
  expect(guards(refused)).toContainEqual(
    expect.stringMatching(/^drain: .*disruption budget shop\/keep does not allow pod shop\/store-0 to be evicted now/),
  );
  expect(await drill.isCordoned(node)).toBe(false);
  await budget("1");
  await planFor(drill, [drained({ standstill: "1s" })]);
  const run = await drill.exercise();
  const waiting = await run.until("destroy/store", "waiting");
  expect(step(waiting, "destroy/store").failures[0]).toMatchObject({
    type: "TIMED_OUT",
    message: expect.stringMatching(
      /the node cannot be drained: pod shop\/store-\d is held: The disruption budget keep needs 1 healthy pods/,
    ) as string,
  });
  expect(await drill.isCordoned(node)).toBe(true);
  await run.decide("destroy/store", "abort");
  await run.handle.result().catch(() => undefined);
  expect((await run.record()).verdict).toBe("FAIL");
  expect(await drill.isCordoned(node)).toBe(false);
});
