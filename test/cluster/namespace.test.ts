import { execa } from "execa";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteImage, imageReference, pushImage } from "../../lab/cluster/registry.ts";
import { removeImage } from "../../lab/cluster/images.ts";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import {
  bringUp,
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
  smallApp,
} from "../support/cluster-drill.ts";
import { dataApp } from "../support/cluster-data.ts";
import { step } from "../support/drill.ts";

/** A namespace is deleted, Flux makes it again, and every object of it is looked at; nothing here is a fake but the operators. */

let drill: ClusterDrill;
const small = ["small", "killed", "image", "edited"];
beforeAll(async () => {
  drill = await createClusterDrill("test-namespace", ["shop", ...small]);
  const { layout } = drill.sandbox;
  await Promise.all([
    bringUp(drill, "shop"),
    ...["small", "killed"].map((namespace) => bringUp(drill, namespace, { files: smallApp(layout, namespace) })),
    bringUp(drill, "edited", { files: edited(smallApp(layout, "edited")) }),
  ]);
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

/** Flux makes the settings where they are missing, and leaves them as they are where they are there. */
function edited(files: Record<string, string>): Record<string, string> {
  const annotation = "annotations: { kustomize.toolkit.fluxcd.io/ssa: IfNotPresent }";
  const settings = files["infrastructure/settings.yaml"]!.replace("name: settings,", `name: settings, ${annotation},`);
  return { ...files, "infrastructure/settings.yaml": settings };
}

const exercise = async (more: object = {}) => await drill.start("exercise", { scenario: "namespace", ...more });
const component = (record: RunRecord) => record.components[0]!;
const check = (record: RunRecord, name: string) => component(record).checks.find((one) => one.name === name);
/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const uid = (namespace: string) => drill.kubectl("get", "namespace", namespace, "-o", "jsonpath={.metadata.uid}");
/** uids of the namespaces of that name that the API server says are gone. */
function watchDeletions(namespace: string) {
  const program = join(drill.built.kubernetes, "kubectl");
  const shape = "jsonpath={.type} {.object.metadata.name} {.object.metadata.uid}{'\\n'}";
  const args = ["get", "namespaces", "--watch", "--output-watch-events", "-o", shape];
  const watching = execa(program, ["--kubeconfig", drill.sandbox.layout.kubeconfig, ...args], { reject: false });
  return {
    async stop(): Promise<string[]> {
      watching.kill();
      const { stdout } = await watching;
      return stdout.split("\n").filter((line) => line.startsWith(`DELETED ${namespace} `));
    },
  };
}
/** For `npm run example:namespace`, which makes a page of it. */
async function keepExample(record: RunRecord): Promise<void> {
  const directory = process.env["FIREDRILL_EXAMPLE"];
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "report.json"), JSON.stringify(record));
}
const sql = (text: string) =>
  drill.kubectl("-n", "shop", "exec", "postgres-0", "--", "psql", "-U", "postgres", "-d", "shop", "-Atc", text);

test("the example: deleted, rebuilt in its layers, with its data, its secret and its page", async () => {
  const volume = await k(`-n shop get pvc data-postgres-0 -o jsonpath={.spec.volumeName}`);
  await drill.kubectl("patch", "pv", volume, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}');
  expect(await sql("create table kept (n int); insert into kept values (42)")).toContain("INSERT");
  const url = `http://${drill.sandbox.layout.nodeAddress}/`;
  const checks = [{ kind: "http", url, host: "shop.lab.example", contains: "shop is open" }];
  // In their own time, as pods end where a plan says nothing of it.
  await planFor(drill, [namespaceComponent("shop", { checks, pods: "graceful" })], {}, "homelab");
  const before = await uid("shop");
  const record = await (await exercise({ plan: "homelab", reason: "monthly drill" })).end();
  await keepExample(record);

  expect(record).toMatchObject({ verdict: "PASS", refusals: [], diagnosis: [] });
  expect(record.summary).toMatch(
    /^shop: deleted, rebuilt and proven to be back, 16 of 16 checks proven\. Expected downtime: \d+ s\.$/,
  );
  expect(await uid("shop")).not.toBe(before);
  await waitUntil("PostgreSQL answers", 20_000, async () => (await sql("select n from kept")) === "42");
  for (const { name, passed, negativeControl, recovery } of component(record).checks) {
    expect({ name, passed, control: negativeControl?.passed }).toEqual({ name, passed: true, control: false });
    if (name === url) continue;
    expect(recovery!.existsSeconds!, name).toBeGreaterThan(0);
    expect(recovery!.readySeconds!, name).toBeGreaterThanOrEqual(recovery!.existsSeconds!);
    expect(recovery!.readySeconds!, name).toBeLessThan(record.rto.seconds!);
  }
  // What waits for the layer below comes after it.
  const exists = (name: string) => check(record, name)!.recovery!.existsSeconds!;
  expect(exists("Deployment/shop")).toBeGreaterThan(check(record, "StatefulSet/postgres")!.recovery!.readySeconds!);
  expect(component(record).downtimeSeconds!).toBeGreaterThan(1);
  expect(component(record).downtimeSeconds!).toBeLessThan(record.rto.seconds! + 2);
  expect(recheck(record).found).toEqual([]);
});

test("an audit finds all of it, and changes nothing", async () => {
  await planFor(drill, [namespaceComponent("small")]);
  const before = await uid("small");
  const record = await (await drill.start("audit")).end();
  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [] });
  expect(component(record).backup!.id).toMatch(/Kustomization flux-system\/small-apps at main@sha1:[0-9a-f]{40}/);
  expect(await uid("small")).toBe(before);
  expect(recheck(record).found).toEqual([]);
});

test("what would not come back is refused before anything is touched, each with what to do", async () => {
  const { layout } = drill.sandbox;
  await k(`-n small create secret generic by-hand --from-literal=a=b`);
  await k(`-n flux-system patch kustomization small-apps --type=merge -p {"spec":{"suspend":true}}`);
  const gone = `${layout.nodeAddress}:5000/nothing:1`;
  const files = smallApp(layout, "small", {
    job: `
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly, namespace: small }
spec:
  schedule: "0 3 * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: one, image: "${gone}" }] } } } }
`,
  });
  await k(`-n flux-system patch kustomization small-apps --type=merge -p {"spec":{"suspend":false}}`);
  await commit(layout, "small", files, "a job with an image that is not there");
  await k(`-n flux-system annotate --overwrite gitrepository small reconcile.fluxcd.io/requestedAt=${Date.now()}`);
  await waitUntil("the job is there", 30_000, async () => (await k(`-n small get cronjob -o name`)) !== "");
  await k(`-n flux-system patch kustomization small-infrastructure --type=merge -p {"spec":{"suspend":true}}`);
  const before = await uid("small");

  await planFor(drill, [namespaceComponent("small"), namespaceComponent("kube-system")]);
  const record = await (await exercise()).end();
  expect(record.status).toBe("refused");
  const told = record.refusals.map(({ guard, message }) => `${guard}: ${message}`);
  expect(told).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^allow-list: .*does not list namespace kube-system/),
      expect.stringMatching(
        /^denied: namespace kube-system may never be destroyed: the cluster cannot work without it/,
      ),
      expect.stringMatching(
        /^gitops: namespace small would not come back: Kustomization flux-system\/small-infrastructure, which makes 2 objects of it, is suspended/,
      ),
      "orphans: nothing would make these objects of namespace small again: Secret/by-hand",
      `images: image ${gone} cannot be pulled (${layout.nodeAddress}:5000 has no such image or tag), so that CronJob/nightly would not start again`,
    ]),
  );
  expect(await uid("small")).toBe(before);
  expect(recheck(record).found).toEqual([]);
});

test("another cluster behind the same kubeconfig is never touched", async () => {
  await planFor(drill, [namespaceComponent("killed")]);
  await drill.configure({ mayDestroy: [{ cluster: "00000000-0000-4000-8000-000000000000", namespace: "killed" }] });
  await drill.killWorker();
  await drill.startWorker();
  const record = await (await exercise()).end();
  expect(record.refusals).toMatchObject([
    { guard: "allow-list", hint: expect.stringContaining(drill.identity) as string },
  ]);
  await drill.configure({});
  await drill.killWorker();
  await drill.startWorker();
});

test.each(["preflight/killed", "backup/proof/killed", "destroy/killed", "rebuild/killed", "verify/killed"])(
  "a worker that is killed in %s: the next one goes on, and the namespace is deleted once",
  async (at) => {
    await planFor(drill, [namespaceComponent("killed")]);
    const deletions = watchDeletions("killed");
    const run = await exercise();
    await run.until(at, "running", "done");
    await drill.killWorker();
    await drill.startWorker();
    const record = await run.end();
    expect(record).toMatchObject({ verdict: "PASS" });
    expect(await deletions.stop()).toHaveLength(1);
    expect(step(record, "destroy/killed").status).toBe("done");
    expect(recheck(record).found).toEqual([]);
  },
);

test("PostgreSQL's image disappears after the preflight: FAIL, with that cause in the first line; and now it is refused", async () => {
  const { layout } = drill.sandbox;
  const reference = imageReference(layout, "vanishing:1");
  await pushImage("postgres", reference);
  const files = dataApp(layout, "image");
  const server = "infrastructure/postgres.yaml";
  files[server] = files[server]!.replace(
    imageReference(layout, "postgres:1"),
    `${reference}\n          imagePullPolicy: Always`,
  );
  await bringUp(drill, "image", { files });
  await planFor(
    drill,
    [namespaceComponent("image", { standstill: "20s", loses: ["PersistentVolumeClaim/data-postgres-0"] })],
    {
      decisions: { within: "1s", otherwise: "abort" },
    },
  );
  const run = await exercise();
  const deletion = ["get", "namespace", "image", "-o", "jsonpath={.metadata.deletionTimestamp}"];
  await waitUntil("it is being deleted", 60_000, async () => (await drill.kubectl(...deletion)).startsWith("20"));
  await deleteImage(reference);
  await removeImage(drill.sandbox, reference);
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record.verdict).toBe("FAIL");
  expect(record.summary).toMatch(new RegExp(`^Given up: image ${reference} does not exist`));
  expect(record.diagnosis[0]!.cause).toContain(`image ${reference} does not exist`);
  expect(check(record, "StatefulSet/postgres")).toMatchObject({
    passed: false,
    found: expect.stringContaining("not ready") as string,
  });
  expect(recheck(record).found).toEqual([]);

  const again = await (await exercise()).end();
  expect(again.status).toBe("refused");
  expect(again.refusals.map(({ guard, message }) => `${guard}: ${message}`)).toContain(
    `images: image ${reference} cannot be pulled (${layout.nodeAddress}:5000 has no such image or tag), so that StatefulSet/postgres would not start again`,
  );
});

test("what somebody has changed by hand does not come back as it was: FAIL, and the place is named", async () => {
  await k(`-n edited patch configmap settings --type=merge -p {"data":{"GREETING":"by-hand"}}`);
  await planFor(drill, [namespaceComponent("edited")], { decisions: { within: "1s", otherwise: "skip" } });
  const run = await exercise();
  await run.handle.result().catch(() => undefined);
  const record = await run.record();
  expect(record.verdict).toBe("FAIL");
  expect(step(record, "preflight/edited").note).toContain("ConfigMap/settings data.GREETING (kubectl-patch)");
  expect(check(record, "ConfigMap/settings")).toMatchObject({ passed: true });
  expect(check(record, "ConfigMap/settings by hand")).toMatchObject({
    passed: false,
    found: "nothing has brought back data.GREETING",
  });
});

test("a check from outside that never failed proves nothing", async () => {
  const checks = [{ kind: "http", url: `http://${drill.sandbox.layout.nodeAddress}:5000/v2/` }];
  await planFor(drill, [namespaceComponent("killed", { checks })]);
  const record = await (await exercise()).end();
  expect(record.verdict).toBe("INCONCLUSIVE");
  expect(check(record, checks[0]!.url)).toMatchObject({
    passed: true,
    proven: false,
    negativeControl: { passed: true },
  });
});
