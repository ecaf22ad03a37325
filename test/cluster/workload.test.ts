import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { recheck } from "../../src/report/recheck.ts";
import { planFor } from "../support/cluster-drill.ts";
import {
  check,
  createWorkloadDrill,
  guards,
  workloadComponent,
  type WorkloadDrill,
} from "../support/cluster-workloads.ts";

/** Pods are deleted, and come back with their data. A stand-in is the provisioner of the volumes; all else is real. */

let drill: WorkloadDrill;
beforeAll(async () => (drill = await createWorkloadDrill("test-workload")), 240_000);
afterAll(() => drill.remove());

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

const page = async () => {
  const address = await drill.k("-n shop get service web -o jsonpath={.spec.clusterIP}");
  return { kind: "http", url: `http://${address}/index.html`, contains: "open" };
};

test("a page whose one pod is killed comes back with its files; the time without an answer is the downtime", async () => {
  await write("deployment/web", "one");
  const before = await drill.uids("web");
  const http = await page();
  await planFor(drill, [workloadComponent("deployment/web", { pods: "force", checks: [http] })]);
  const record = await (await drill.exercise()).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [], leftovers: [] });
  expect(record.summary).toMatch(
    /^web: taken away and proven to be back, 5 of 5 checks proven\. Expected downtime: \d+ s\.$/,
  );
  expect(record.components[0]!.checks.map(({ name }) => name)).toEqual([
    "pods",
    "claims",
    "sentinel page",
    "files page",
    http.url,
  ]);
  for (const { name, negativeControl } of record.components[0]!.checks)
    expect([name, negativeControl?.passed]).toEqual([name, false]);
  expect(check(record, "files page")!.found).toMatch(/^2 files, sha256 /);
  expect(check(record, "claims")!.found).toMatch(/^page on pvc-/);
  expect(record.components[0]!.downtimeSeconds!).toBeGreaterThan(0);
  expect(check(record, "pods")!.recovery!.readySeconds!).toBeGreaterThan(0);
  expect((await drill.uids("web")).some((uid) => before.includes(uid))).toBe(false);
  // The sentinel is gone again.
  expect((await filesOf("deployment/web")).toSorted()).toEqual(["/data/a/file", "/data/index.html"]);
  expect(recheck(record).found).toEqual([]);
});

test("an audit looks at both, and writes nothing", async () => {
  await planFor(drill, [workloadComponent("deployment/web"), workloadComponent("statefulset/store")]);
  const before = [await drill.uids("web"), await drill.uids("store")];
  const record = await (await drill.start("audit")).end();
  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(record.components[0]!.backup!.id).toMatch(/^page on pvc-/);
  expect([await drill.uids("web"), await drill.uids("store")]).toEqual(before);
  expect(await filesOf("deployment/web")).not.toContainEqual(expect.stringContaining("firedrill"));
  expect(recheck(record).found).toEqual([]);
});

test("what would prove nothing, or must not be touched, is refused before anything is written", async () => {
  await drill.k("-n kube-system create deployment idle --image=localhost/busybox:1 -- sleep 9999");
  const before = await drill.uids("cache");
  const system = { ...workloadComponent("deployment/idle", { data: undefined }), namespace: "kube-system" };
  const nowhere = workloadComponent("deployment/nowhere");
  const node = workloadComponent("deployment/web", { lose: "node" });
  await planFor(drill, [workloadComponent("deployment/cache"), system, nowhere, node]);
  const record = await (await drill.exercise()).end();
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
  expect(await drill.uids("cache")).toEqual(before);
  expect(await drill.isCordoned("localhost")).toBe(false);
  await drill.k("-n kube-system delete deployment idle --wait=false");
});

test("files that are not as they were: FAIL, and each is named", async () => {
  await write("store-0", "zero");
  await write("store-1", "one");
  await planFor(drill, [workloadComponent("statefulset/store")], { decisions: { within: "1s", otherwise: "skip" } });
  const before = await drill.uids("store");
  const run = await drill.exercise();
  // Its pods are not ready at once: until then nobody reads it.
  await waitUntil("the new pod has another file", 60_000, async () => {
    if ((await drill.uids("store")).some((uid) => before.includes(uid)) || (await drill.uids("store")).length < 2)
      return false;
    await write("store-1", "other");
    return (await drill.k("-n shop exec store-1 -- cat /data/a/file")) === "other";
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
    await drill.allRolledOut();
    await planFor(drill, [workloadComponent("statefulset/store", { pods: "force" })]);
    const before = await drill.uids("store");
    const deletions = await deletionsOf("store");
    const run = await drill.exercise();
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
  const { resourceVersion } = JSON.parse(await drill.k(`get --raw /api/v1/namespaces/shop/pods?limit=1`)).metadata as {
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
