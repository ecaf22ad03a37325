import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { createLonghornDrill, type LonghornDrill } from "../support/longhorn-drill.ts";
import { appManifests, bringUpApp, untilUp } from "../support/volume-app.ts";

/** The job that restores volumes of a new cluster, with the rights of its own manifests and no others. */

let drill: LonghornDrill;
let kubeconfig: string;
beforeAll(async () => {
  drill = await createLonghornDrill("g-volumes", []);
  await drill.apply(await readFile("deploy/orchestrator/rbac.yaml", "utf8"));
  kubeconfig = join(drill.directory, "job.kubeconfig");
  const token = await k("-n longhorn-system create token restore-volumes");
  const admin = parse(await readFile(drill.sandbox.layout.kubeconfig, "utf8")) as {
    users: object[];
    contexts: { context: { user: string } }[];
  };
  const name = admin.contexts[0]!.context.user;
  await writeFile(kubeconfig, stringify({ ...admin, users: [{ name, user: { token } }] }), { mode: 0o600 });
}, 600_000);
afterAll(() => drill.remove());

/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const inPod = (namespace: string, command: string) =>
  drill.kubectl("-n", namespace, "exec", "deployment/shop", "--", "sh", "-c", command);
const volumeIn = (namespace: string) => k(`-n ${namespace} get pvc data -o jsonpath={.spec.volumeName}`);

async function configFor(namespaces: string[], more: object = {}): Promise<string> {
  const file = join(drill.directory, `${namespaces.join("-")}.yaml`);
  const volumes = namespaces.map((name) => ({ claim: `${name}/data`, volume: `${name}-data` }));
  const access = { kubeconfig: { file: kubeconfig } };
  await writeFile(file, stringify({ access, within: "90s", standstill: "10s", volumes, ...more }));
  return file;
}

const argv = (file: string) => ["src/cli/main.ts", "restore-volumes", "--from", file, "--json"];

async function restore(namespaces: string[], more: object = {}) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, argv(await configFor(namespaces, more)), {
    reject: false,
  });
  const {
    volumes = [],
    skipped,
    error,
  } = JSON.parse(stdout) as {
    skipped?: boolean;
    volumes?: { claim: string; result: string; message: string }[];
    error?: { type: string; message: string };
  };
  return { exitCode, skipped, error, stderr, results: volumes.map(({ result }) => result), volumes };
}

/** An application with a backup of its volume, of which nothing is left in the cluster. */
async function lose(namespace: string): Promise<string> {
  await bringUpApp(drill, namespace);
  const files = await sums(namespace);
  const volume = await volumeIn(namespace);
  await backUp(namespace, volume, `${namespace}-1`);
  await takeAway(namespace, volume);
  return files;
}

const statusOfBackup = (name: string) =>
  k(`-n longhorn-system get backups.longhorn.io ${name} -o jsonpath={.status.state}/{.status.lastSyncedAt}`);

/** Returns when it is in the store, or has failed. */
async function backUp(namespace: string, volume: string, name: string): Promise<void> {
  const named = `metadata: { name: ${name}, namespace: longhorn-system`;
  const labels = JSON.stringify({ KubernetesStatus: JSON.stringify({ namespace, pvcName: "data" }) });
  await drill.apply(
    `{ apiVersion: longhorn.io/v1beta2, kind: Snapshot, ${named} }, spec: { volume: ${volume}, createSnapshot: true } }`,
  );
  await waitUntil("the snapshot is taken", 60_000, async () =>
    (await k(`-n longhorn-system get snapshots.longhorn.io ${name} -o jsonpath={.status.creationTime}`)).startsWith(
      "20",
    ),
  );
  await drill.apply(
    `{ apiVersion: longhorn.io/v1beta2, kind: Backup, ${named}, labels: { backup-volume: ${volume} } }, spec: { snapshotName: ${name}, labels: ${labels} } }`,
  );
  await waitUntil("the backup is in the store", 60_000, async () => /^Error|\/20/.test(await statusOfBackup(name)));
}

async function takeAway(namespace: string, volume: string): Promise<void> {
  await k(`delete namespace ${namespace} --wait=true`);
  await k(`delete pv ${volume} --wait=false`);
  await k(`-n longhorn-system delete volume ${volume} --wait=true`);
}

/** As a new cluster has it: the object is gone, what is in the store stays, and Longhorn finds it there. */
async function forget(backup: string): Promise<void> {
  await k(`-n longhorn-system label backups.longhorn.io ${backup} longhorn.io/delete-custom-resource-only=`);
  await k(`-n longhorn-system delete backups.longhorn.io ${backup} --wait=true`);
}

const sums = async (namespace: string) =>
  await inPod(namespace, "cd /data && find . -type f -exec sha256sum {} + | sort");

test("on a first installation there is nothing to restore, and that is well", async () => {
  const found = await restore(["fresh"]);
  expect(found).toMatchObject({ exitCode: 0, results: ["none"] });
});

test("what is lost is restored before its workload starts, once; then nothing is left to do", async () => {
  const files = await lose("shop");
  expect(await restore(["shop", "other"])).toMatchObject({ exitCode: 0, results: ["restored", "none"] });
  expect(await restore(["shop"])).toMatchObject({ exitCode: 0, results: ["unchanged"] });
  // Now GitOps makes the claim, without any name of a volume in it.
  await drill.apply(appManifests(drill, "shop"));
  await untilUp(drill, "shop");
  expect(await volumeIn("shop")).toBe("shop-data");
  expect(await sums("shop")).toBe(files);
  const again = await restore(["shop"]);
  expect(again).toMatchObject({ exitCode: 0, results: ["unchanged"] });
  expect(again.volumes[0]!.message).toBe("volume shop-data is there, and its claim has it");
});

test("the ConfigMap of the cluster may say that nothing is restored, in plain words", async () => {
  await k("create namespace flux-system");
  const say = (value: string) =>
    drill.apply(
      `{ apiVersion: v1, kind: ConfigMap, metadata: { name: cluster-config, namespace: flux-system }, data: { skip_backup_restore: "${value}" } }`,
    );
  await say("true");
  expect(await restore(["shop"])).toMatchObject({ exitCode: 0, skipped: true, results: [] });
  await say("yes");
  expect(await restore(["shop"])).toMatchObject({ exitCode: 2, error: { type: "CONFIG_INVALID" } });
  await say("false");
  expect(await restore(["shop"])).toMatchObject({ exitCode: 0, results: ["unchanged"] });
});

test("a claim that got an empty volume first is refused, and its volume is left as it is", async () => {
  await lose("hasty");
  await bringUpApp(drill, "hasty");
  const volume = await volumeIn("hasty");
  const found = await restore(["hasty"]);
  expect(found).toMatchObject({ exitCode: 3, results: ["refused"] });
  expect(found.volumes[0]!.message).toMatch(/claim hasty\/data is bound to volume pvc-.* instead of hasty-data/);
  expect(await volumeIn("hasty")).toBe(volume);
});

test("a store that Longhorn does not reach is no first installation", async () => {
  await drill.order({ misbehave: "target-unavailable" });
  const target = "-n longhorn-system get backuptarget default -o jsonpath={.status.available}";
  await k(
    `-n longhorn-system patch backuptarget default --type=merge -p {"spec":{"syncRequestedAt":"${new Date(Date.now() + 1000).toISOString().slice(0, 19)}Z"}}`,
  );
  await waitUntil("it is away", 60_000, async () => (await k(target)) === "false");
  const found = await restore(["fresh"], { standstill: "5s" });
  expect(found).toMatchObject({ exitCode: 6, error: { type: "SYSTEM_UNREACHABLE" } });
  await drill.order();
  await k(
    `-n longhorn-system patch backuptarget default --type=merge -p {"spec":{"syncRequestedAt":"${new Date(Date.now() + 2000).toISOString().slice(0, 19)}Z"}}`,
  );
  await waitUntil("it is back", 60_000, async () => (await k(target)) === "true");
});

test("a job that is killed in the middle is started again, and goes on with the same volume", async () => {
  const files = await lose("killed");
  await drill.order({ misbehave: "restore-stuck" });
  const job = spawn(process.execPath, argv(await configFor(["killed"])), { stdio: "ignore" });
  const uid = () => k("-n longhorn-system get volume killed-data -o jsonpath={.metadata.uid}");
  await waitUntil("the volume is being made", 60_000, async () => /^[0-9a-f-]{36}$/.test(await uid()));
  const before = await uid();
  job.kill("SIGKILL");
  await once(job, "exit");
  await drill.order();
  const again = await restore(["killed"]);
  expect(again.exitCode).toBe(0);
  // It goes on, or finds that Longhorn has come to the end meanwhile.
  expect(["restored", "unchanged"]).toContain(again.results[0]);
  expect(await uid()).toBe(before);
  await drill.apply(appManifests(drill, "killed"));
  await untilUp(drill, "killed");
  expect(await sums("killed")).toBe(files);
});

test("one that is faulted does not keep the others from being restored", async () => {
  await lose("good");
  await lose("bad");
  await drill.order({ misbehave: "restore-faulted", volume: "bad-data" });
  const found = await restore(["bad", "good"]);
  await drill.order();
  expect(found).toMatchObject({ exitCode: 1, results: ["failed", "restored"] });
  expect(found.volumes[0]!.message).toContain("volume bad-data is faulted");
});

test("a volume whose only backup has failed is no first installation", async () => {
  await bringUpApp(drill, "unlucky");
  const volume = await volumeIn("unlucky");
  await drill.order({ misbehave: "backup-error" });
  await backUp("unlucky", volume, "unlucky-1");
  await drill.order();
  await takeAway("unlucky", volume);
  const found = await restore(["unlucky", "fresh"]);
  expect(found).toMatchObject({ exitCode: 1, results: ["failed", "none"] });
  expect(found.volumes[0]!.message).toMatch(
    /^there are backups of claim unlucky\/data, but none that is complete: unlucky-1 \(Longhorn says Error of backup/,
  );
  expect(await k("-n longhorn-system get volume unlucky-data --ignore-not-found")).toBe("");
});

test("an older backup is restored only where somebody says so, when the newer one cannot be read", async () => {
  await bringUpApp(drill, "torn");
  const [volume, files] = [await volumeIn("torn"), await sums("torn")];
  await backUp("torn", volume, "torn-1");
  await inPod("torn", "echo newer > /data/newer");
  await drill.order({ misbehave: "backup-config-truncated", volume });
  await backUp("torn", volume, "torn-2");
  await drill.order();
  await takeAway("torn", volume);
  await forget("torn-2");
  const found = await restore(["torn"]);
  expect(found).toMatchObject({ exitCode: 1, results: ["failed"] });
  expect(found.volumes[0]!.message).toMatch(
    /^Longhorn cannot read torn-2 \(not read from the store.*perhaps newer than the newest complete one, torn-1 of /,
  );
  expect(await k("-n longhorn-system get volume torn-data --ignore-not-found")).toBe("");
  const volumes = [{ claim: "torn/data", volume: "torn-data", backup: "torn-1" }];
  expect(await restore(["torn"], { volumes })).toMatchObject({ exitCode: 0, results: ["restored"] });
  await drill.apply(appManifests(drill, "torn"));
  await untilUp(drill, "torn");
  expect(await sums("torn")).toBe(files);
});

test("a wrong configuration names place and cause", async () => {
  const file = join(drill.directory, "wrong.yaml");
  await writeFile(file, "volumes:\n  - { claim: data, volume: shop-data }\n");
  const { exitCode, stderr } = await execa(process.execPath, argv(file), { reject: false });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("wrong.yaml:2:14 volumes[0].claim: must be namespace and claim, such as shop/data");
});
