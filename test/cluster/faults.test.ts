import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeSandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../src/activities/kubernetes/cluster.ts";
import { discover } from "../../src/activities/kubernetes/discovery.ts";
import { nameOf, type Resource } from "../../src/activities/kubernetes/object.ts";
import { takeSnapshot } from "../../src/activities/kubernetes/snapshot.ts";
import type { Cause } from "../../src/diagnosis/cause.ts";
import { diagnoseNamespace } from "../../src/diagnosis/index.ts";
import { isReady } from "../../src/diagnosis/ready.ts";
import { type Fault, faults, healthy } from "../support/faults.ts";
import { breakAll, expectedOf, registry } from "../support/faulty-cluster.ts";

/** What a real cluster says of each fault, and what a diagnosis makes of it. All faults are there at the same time. */

const name = "test-faults";
const all = faults(registry);
const seen = new Map<string, Cause[]>();
const neverTold: Cause[] = [];
/** Of the fault key-absent. */
const secretValue = new RegExp(`hunter2-is-secret|${btoa("hunter2-is-secret").slice(0, 16)}`);
const showsSecrets: string[] = [];
let healthyIsReady = false;

beforeAll(async () => {
  const built = await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());
  await removeSandbox(name);
  const sandbox = await clusterUp(name, built, () => undefined);
  const cluster = openCluster(await readFile(sandbox.layout.kubeconfig, "utf8"));
  await breakAll(sandbox, built, [...all, healthy]);
  const { resources } = await discover(cluster);
  await watch(cluster, resources);
  await cluster.close();
});
afterAll(async () => {
  await removeSandbox(name);
});

/** Asks of each namespace in turn until all say what they should, for two minutes at most. */
async function watch(cluster: Cluster, resources: Resource[]): Promise<void> {
  const open = new Set(all);
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(500)) {
    if (!healthyIsReady) await lookAtHealthy(cluster, resources);
    for (const fault of open) {
      const snapshot = await takeSnapshot(cluster, resources, fault.name, expectedOf(fault));
      if (secretValue.test(JSON.stringify(snapshot))) showsSecrets.push(fault.name);
      const causes = diagnoseNamespace(snapshot);
      seen.set(fault.name, causes);
      if (isExpected(fault, causes)) open.delete(fault);
      if (!healthyIsReady) await lookAtHealthy(cluster, resources);
    }
    if (open.size === 0 && healthyIsReady) return;
  }
}

async function lookAtHealthy(cluster: Cluster, resources: Resource[]): Promise<void> {
  const snapshot = await takeSnapshot(cluster, resources, healthy.name, expectedOf(healthy));
  neverTold.push(...diagnoseNamespace(snapshot));
  const owned = snapshot.objects.filter(({ kind }) => kind !== "Event");
  healthyIsReady = owned.some(({ kind }) => kind === "Pod") && owned.every((object) => isReady(snapshot, object));
}

const lineOf = ([first]: Cause[]) => (first === undefined ? "nothing" : `${first.object}: ${first.cause}`);

function isExpected(fault: Fault, causes: Cause[]): boolean {
  const affects = (causes[0]?.affects ?? []).toSorted().join(", ");
  return causes.length === 1 && fault.says.test(lineOf(causes)) && affects === affectedBy(fault).join(", ");
}

function affectedBy(fault: Fault): string[] {
  const places = expectedOf(fault).map(({ apiVersion, kind, name }) => {
    return nameOf({ apiVersion, kind, metadata: { name } });
  });
  return (fault.affects ?? places).toSorted();
}

test.each(all)("$name: one cause, and it is the root", (fault) => {
  const causes = seen.get(fault.name) ?? [];
  expect(lineOf(causes)).toMatch(fault.says);
  expect(causes.slice(1)).toEqual([]);
  expect(causes[0]!.affects.toSorted()).toEqual(affectedBy(fault));
  expect(causes[0]!.hint).toMatch(/^[A-Z].*\S$/);
});

test("a namespace that comes up, slowly and with a crash or two, never has a cause", () => {
  expect(neverTold).toEqual([]);
  expect(healthyIsReady).toBe(true);
});

test("no snapshot shows the value of a Secret", () => {
  expect(showsSecrets).toEqual([]);
});
