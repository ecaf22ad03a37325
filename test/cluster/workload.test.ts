import { afterAll, beforeAll, expect, test } from "vitest";
import { applyManifests, waitUntil } from "../../lab/cluster/kubectl.ts";
import { imageReference } from "../../lab/cluster/registry.ts";
import { addSecondNode } from "../../lab/cluster/second-node.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { type ClusterDrill, createClusterDrill, planFor } from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";

/**
 * Pods are deleted, or their node is drained, and come back with their data. Real: API server, controllers, scheduler, two kubelets
 * with containerd, evictions, budgets and PVCs. A stand-in: the provisioner, whose folders both nodes have.
 */

let drill: ClusterDrill;
let second = "";
const first = "localhost";
beforeAll(async () => {
  drill = await createClusterDrill("test-workload", ["shop"]);
  await applyManifests(drill.sandbox.layout, drill.built, manifests());
  for (const name of ["deployment/web", "statefulset/store", "deployment/cache"]) await rolledOut(name);
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

/** A page with one pod, a store with two pods and a volume each, and a cache whose data is in an emptyDir. */
function manifests(): string {
  const image = imageReference(drill.sandbox.layout, "busybox:1");
  const workload = (kind: string, name: string, replicas: number, mount: string, volumes: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec:
  replicas: ${replicas}
  serviceName: ${name}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: ${image}
          command: [httpd, -f, -p, "8080", -h, /data]
          volumeMounts: [{ name: data, mountPath: ${mount} }]
          # Long enough that a page is missed, and that a budget has something to hold.
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, initialDelaySeconds: ${replicas === 1 ? 8 : 5} }
${volumes}
---`;
  const claim = "accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } }";
  return `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: page, namespace: shop }
spec: { ${claim} }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
${workload("Deployment", "web", 1, "/data", "      volumes: [{ name: data, persistentVolumeClaim: { claimName: page } }]").replace("  serviceName: web\n", "")}
${workload("StatefulSet", "store", 2, "/data", `  volumeClaimTemplates: [{ metadata: { name: data }, spec: { ${claim} } }]`)}
${workload("Deployment", "cache", 1, "/data", "      volumes: [{ name: data, emptyDir: {} }]").replace("  serviceName: cache\n", "")}
`;
}

/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const rolledOut = async (name: string) => await k(`-n shop rollout status ${name} --timeout=120s`);
const uids = async (app: string) =>
  (await k(`-n shop get pods -l app=${app} -o jsonpath={.items[*].metadata.uid}`)).split(" ").toSorted();
const place = async (app: string) => await k(`-n shop get pods -l app=${app} -o jsonpath={.items[*].spec.nodeName}`);
const isCordoned = async (node: string) => (await k(`get node ${node} -o jsonpath={.spec.unschedulable}`)) === "true";
const write = async (pod: string, text: string) =>
  await drill.kubectl(
    "-n",
    "shop",
    "exec",
    pod,
    "--",
    "sh",
    "-c",
    `mkdir -p /data/a; echo ${text} > /data/a/file; echo open > /data/index.html`,
  );
const filesOf = async (pod: string) =>
  (await drill.kubectl("-n", "shop", "exec", pod, "--", "find", "/data", "-type", "f")).split("\n");

const component = (workload: string, more: object = {}) => ({
  name: workload.split("/")[1]!,
  kind: "workload",
  namespace: "shop",
  workload,
  data: { directory: "/data" },
  within: "90s",
  standstill: "45s",
  ...more,
});
const page = async () => {
  const address = await k("-n shop get service web -o jsonpath={.spec.clusterIP}");
  return { kind: "http", url: `http://${address}/index.html`, contains: "open" };
};
const exercise = async () => await drill.start("exercise", { scenario: "workload" });
const about = (record: RunRecord) => record.components[0]!;
const check = (record: RunRecord, name: string) => about(record).checks.find((one) => one.name === name);
const guards = (record: RunRecord) => record.refusals.map(({ guard, message }) => `${guard}: ${message}`);

test("a page whose one pod is killed comes back with its files; the time without an answer is the downtime", async () => {
  await write("deployment/web", "one");
  const before = await uids("web");
  const http = await page();
  await planFor(drill, [component("deployment/web", { pods: "force", checks: [http] })]);
  const record = await (await exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(record.summary).toMatch(
    /^web: taken away and proven to be back, 5 of 5 checks proven\. Expected downtime: \d+ s\.$/,
  );
  expect(about(record).checks.map(({ name }) => name)).toEqual([
    "pods",
    "claims",
    "sentinel page",
    "files page",
    http.url,
  ]);
  for (const { name, negativeControl } of about(record).checks)
    expect([name, negativeControl?.passed]).toEqual([name, false]);
  expect(check(record, "files page")!.found).toMatch(/^2 files, sha256 /);
  expect(check(record, "claims")!.found).toMatch(/^page on pvc-/);
  expect(about(record).downtimeSeconds!).toBeGreaterThan(0);
  expect(check(record, "pods")!.recovery!.readySeconds!).toBeGreaterThan(0);
  expect((await uids("web")).some((uid) => before.includes(uid))).toBe(false);
  // The sentinel is gone again.
  expect((await filesOf("deployment/web")).toSorted()).toEqual(["/data/a/file", "/data/index.html"]);
  expect(recheck(record).found).toEqual([]);
});

test("an audit looks at both, and writes nothing", async () => {
  await planFor(drill, [component("deployment/web"), component("statefulset/store")]);
  const before = [await uids("web"), await uids("store")];
  const record = await (await drill.start("audit")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(about(record).backup!.id).toMatch(/^page on pvc-/);
  expect([await uids("web"), await uids("store")]).toEqual(before);
  expect(await filesOf("deployment/web")).not.toContainEqual(expect.stringContaining("firedrill"));
  expect(recheck(record).found).toEqual([]);
});

test("what would prove nothing, or must not be touched, is refused before anything is written", async () => {
  await k("-n kube-system create deployment idle --image=localhost/busybox:1 -- sleep 9999");
  const before = await uids("cache");
  const system = { ...component("deployment/idle", { data: undefined }), namespace: "kube-system" };
  const nowhere = component("deployment/nowhere");
  const node = component("deployment/web", { lose: "node" });
  await planFor(drill, [component("deployment/cache"), system, nowhere, node]);
  const record = await (await exercise()).end();
  expect(record.status).toBe("refused");
  expect(guards(record)).toEqual(
    expect.arrayContaining([
      "volatile-data: the data of deployment/cache in namespace shop would not outlive its pods: /data of container main is volume data of sort emptyDir, which is no PersistentVolume",
      expect.stringMatching(/^denied: deployment\/idle in namespace kube-system may never be destroyed/),
      expect.stringMatching(/^allow-list: .*does not list deployment\/idle in namespace kube-system/),
      "target-missing: deployment/nowhere in namespace shop does not exist",
      // The node is to be listed as well, and there is no other.
      expect.stringMatching(/^allow-list: .*does not list deployment\/web in namespace shop, and its node/),
      expect.stringMatching(/^drain: .*no other node than localhost could take its pods \(it is the only one\)/),
      expect.stringMatching(/^drain: .*these pods of others would be evicted as well: .*shop\/cache-.*shop\/store-0/),
    ]),
  );
  expect(await uids("cache")).toEqual(before);
  expect(await isCordoned(first)).toBe(false);
  await k("-n kube-system delete deployment idle --wait=false");
});

test("files that are not as they were: FAIL, and each is named", async () => {
  await write("store-0", "zero");
  await write("store-1", "one");
  await planFor(drill, [component("statefulset/store")], { decisions: { within: "1s", otherwise: "skip" } });
  const before = await uids("store");
  const run = await exercise();
  // Its pods are not ready at once: until then nobody reads it.
  await waitUntil("the new pod has another file", 60_000, async () => {
    if ((await uids("store")).some((uid) => before.includes(uid)) || (await uids("store")).length < 2) return false;
    await write("store-1", "other");
    return (await k("-n shop exec store-1 -- cat /data/a/file")) === "other";
  });
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record.verdict).toBe("FAIL");
  expect(check(record, "files data-store-1")).toMatchObject({ passed: false, found: "other content: a/file" });
  expect(check(record, "files data-store-0")).toMatchObject({ passed: true });
  expect(check(record, "sentinel data-store-1")).toMatchObject({ passed: true });
  expect(recheck(record).found).toEqual([]);
});

test.each(["plant/store", "destroy/store", "rebuild/store", "verify/store"])(
  "a worker that is killed in %s: the next one goes on, and each pod is replaced once",
  async (at) => {
    await rolledOut("statefulset/store");
    await planFor(drill, [component("statefulset/store", { pods: "force" })]);
    const before = await uids("store");
    const deletions = await deletionsOf("store");
    const run = await exercise();
    await run.until(at, "running", "done");
    await drill.killWorker();
    await drill.startWorker();
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
    expect(await deletions()).toEqual(before);
    expect(recheck(record).found).toEqual([]);
  },
);

/** uids of the pods of an application that the API server has let go since. */
async function deletionsOf(app: string): Promise<() => Promise<string[]>> {
  const { resourceVersion } = JSON.parse(await k(`get --raw /api/v1/namespaces/shop/pods?limit=1`)).metadata as {
    resourceVersion: string;
  };
  return async () => {
    const query = `watch=true&timeoutSeconds=1&labelSelector=app=${app}&resourceVersion=${resourceVersion}`;
    const lines = (await drill.kubectl("get", "--raw", `/api/v1/namespaces/shop/pods?${query}`)).split("\n");
    return lines
      .filter((line) => line.startsWith('{"type":"DELETED"'))
      .map((line) => (JSON.parse(line) as { object: { metadata: { uid: string } } }).object.metadata.uid)
      .toSorted();
  };
}

/** With a second node for the pods, and both listed. */
async function withTwoNodes(): Promise<void> {
  await allRolledOut();
  if (second !== "") return;
  second = await addSecondNode(drill.sandbox, drill.built);
  const nodes = [first, second].map((node) => ({ cluster: drill.identity, node }));
  await drill.configure({ mayDestroy: [{ cluster: drill.identity, namespace: "shop" }, ...nodes] });
  await drill.killWorker();
  await drill.startWorker();
}

const allRolledOut = async () => {
  for (const name of ["statefulset/store", "deployment/web", "deployment/cache"]) await rolledOut(name);
};

/** How many pods of the store must be ready. */
async function budget(least: string): Promise<void> {
  await k("-n shop delete pdb keep --ignore-not-found");
  await k(`-n shop create poddisruptionbudget keep --selector=app=store --min-available=${least}`);
  const seen = async () => (await k("-n shop get pdb keep -o jsonpath={.status.expectedPods}")) === "2";
  await waitUntil("the budget counts", 20_000, seen);
}

const drained = (more: object = {}) =>
  component("statefulset/store", { lose: "node", accepts: ["shop/web-*", "shop/cache-*"], ...more });

test("a node is drained: its pods come back on the other one, with their data, and it takes pods again", async () => {
  await withTwoNodes();
  expect(await place("store")).toBe(`${first} ${first}`);
  // One after the other: the budget wants one of them to stay.
  await budget("1");
  await planFor(drill, [drained()]);
  const run = await exercise();
  await waitUntil("the node is cordoned", 120_000, async () => await isCordoned(first));
  const ready = async () => Number(await k("-n shop get statefulset store -o jsonpath={.status.readyReplicas}"));
  for (let now = await run.record(); step(now, "destroy/store").status !== "done"; now = await run.record())
    expect(await ready()).toBeGreaterThan(0);
  await k("-n shop delete pdb keep");
  expect(await isCordoned(first)).toBe(true);
  const record = await run.end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(step(record, "preflight/store").note).toMatch(
    /a drain of localhost evicts 2 of them, and shop\/cache-.*, shop\/web-/,
  );
  expect(step(record, "destroy/store").note).toMatch(/localhost is drained, evicted as well: shop\/cache-/);
  expect(await place("store")).toBe(`${second} ${second}`);
  expect(check(record, "files data-store-0")).toMatchObject({ passed: true });
  expect(await isCordoned(first)).toBe(false);
  expect(recheck(record).found).toEqual([]);
});

test("a worker that is killed while the node is drained, and a run that is terminated: the node takes pods again", async () => {
  await withTwoNodes();
  for (const ending of ["worker", "run"] as const) {
    await allRolledOut();
    const node = (await place("store")).split(" ")[0]!;
    await planFor(drill, [drained()]);
    const run = await exercise();
    await waitUntil("the node is cordoned", 120_000, async () => await isCordoned(node));
    if (ending === "worker") {
      await drill.killWorker();
      await drill.startWorker();
      expect(await run.end()).toMatchObject({ verdict: "PASS", leftovers: [] });
    } else await run.handle.terminate("by hand");
    await waitUntil("the node takes pods again", 120_000, async () => !(await isCordoned(node)));
  }
});

/** Lets all pods of the store run on one node. */
async function gather(node: string): Promise<void> {
  const other = node === first ? second : first;
  await k(`cordon ${other}`);
  await k("-n shop delete pods -l app=store");
  await rolledOut("statefulset/store");
  await k(`uncordon ${other}`);
  expect(await place("store")).toBe(`${node} ${node}`);
}

test("a node that was cordoned before stays so", async () => {
  await withTwoNodes();
  await gather(second);
  await k(`cordon ${second}`);
  await planFor(drill, [drained()]);
  const record = await (await exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", leftovers: [] });
  expect(await place("store")).toBe(`${first} ${first}`);
  expect(await isCordoned(second)).toBe(true);
  await k(`uncordon ${second}`);
});

test("a budget that allows nothing refuses a drain; one that holds it too long is named, and abort gives the node back", async () => {
  await withTwoNodes();
  const node = first;
  await gather(node);
  await budget("100%");
  await planFor(drill, [drained()]);
  const refused = await (await exercise()).end();
  expect(guards(refused)).toContainEqual(
    expect.stringMatching(/^drain: .*disruption budget shop\/keep does not allow pod shop\/store-0 to be evicted now/),
  );
  expect(await isCordoned(node)).toBe(false);
  await budget("1");
  await planFor(drill, [drained({ standstill: "1s" })]);
  const run = await exercise();
  const waiting = await run.until("destroy/store", "waiting");
  expect(step(waiting, "destroy/store").failures[0]).toMatchObject({
    type: "TIMED_OUT",
    message: expect.stringMatching(
      /the node cannot be drained: pod shop\/store-\d is held: The disruption budget keep needs 1 healthy pods/,
    ) as string,
  });
  expect(await isCordoned(node)).toBe(true);
  await run.decide("destroy/store", "abort");
  await run.handle.result().catch(() => undefined);
  expect((await run.record()).verdict).toBe("FAIL");
  expect(await isCordoned(node)).toBe(false);
});
