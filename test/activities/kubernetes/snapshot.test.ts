import { setTimeout as sleep } from "node:timers/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject, Resource } from "../../../src/activities/kubernetes/object.ts";
import { takeSnapshot } from "../../../src/activities/kubernetes/snapshot.ts";
import { diagnoseNamespace } from "../../../src/diagnosis/index.ts";
import { answer, type Answering, type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";
import { crashed, workload } from "../../support/namespace.ts";

/** A cluster that is ill in parts: nothing of that may keep a diagnosis, or the worker, waiting. */

const verbs = ["list"];
const pods: Resource = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true, verbs };
const metrics: Resource = { group: "example.com", version: "v1", kind: "Own", plural: "owns", namespaced: true, verbs };

let server: FakeApiServer;
afterEach(async () => await server.stop());

/** @param others what is answered to anything but lists of pods, and the namespace */
async function snapshotOf(pod: KubernetesObject, others: Answering) {
  server = await startFakeApiServer((asked, response) => {
    const { path } = asked;
    if (path.endsWith("/pods")) return answer.json({ metadata: {}, items: [pod] })(asked, response);
    if (path.endsWith("/namespaces/shop")) return answer.status(404, "not found")(asked, response);
    others(asked, response);
  });
  const cluster = openCluster(server.kubeconfig(), undefined, { withinMs: 300_000 });
  const startedAt = performance.now();
  try {
    const snapshot = await takeSnapshot(cluster, [pods, metrics], "shop", []);
    return { snapshot, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await cluster.close();
  }
}

const crashing = (more: object = {}) => workload("web", { status: { ...crashed(1), ...more } })[2]!;
const noOwns = answer.json({ metadata: {}, items: [] });

test("a kubelet that never answers costs its logs and seconds; what the API server knows is told", async () => {
  const { snapshot, seconds } = await snapshotOf(crashing(), (asked, response) => {
    if (!asked.path.endsWith("/log")) noOwns(asked, response);
  });
  expect(server.asked.filter(({ path }) => path.endsWith("/log"))).toHaveLength(1);
  expect(seconds).toBeLessThan(12);
  expect(diagnoseNamespace(snapshot)).toMatchObject([{ type: "CRASH" }]);
}, 60_000);

test("an extension server that is dead costs its objects and seconds", async () => {
  const { snapshot, seconds } = await snapshotOf(crashing(), (asked, response) => {
    if (asked.path.endsWith("/owns")) return answer.status(503, "service unavailable")(asked, response);
    answer.json("no licence")(asked, response);
  });
  expect(seconds).toBeLessThan(25);
  expect(diagnoseNamespace(snapshot)[0]!.cause).toContain("no licence");
}, 60_000);

test("words of a megabyte, in a log and in a status, do not keep the worker busy", async () => {
  const long = "0123456789abcdef".repeat(65_536);
  const pod = crashing({ state: { waiting: { reason: "CrashLoopBackOff", message: long } } });
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const { snapshot } = await snapshotOf(pod, (asked, response) => {
    if (!asked.path.endsWith("/log")) return noOwns(asked, response);
    response.end(`${long}\n${long.slice(1)}\nno licence\n`);
  });
  const [cause] = diagnoseNamespace(snapshot);
  await sleep(20);
  loop.disable();
  expect(cause!.cause).toContain("0123456789abcdef");
  expect(loop.max / 1e6).toBeLessThan(1_000);
}, 60_000);
