import { readFile } from "node:fs/promises";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { checksum, openStore } from "../../lab/longhorn/backup-store.ts";
import { awsCredentials, backupPlace, ssmEndpoint, stopService } from "../../lab/services/services.ts";
import { effects, orderStack, runStack, strikeStage } from "../../lab/stack/stage.ts";
import { ssmParameter } from "../../src/activities/kubernetes/ssm.ts";
import { backUpVolume, requestRestore } from "../support/longhorn.ts";
import { type Homelab, openHomelab, raise } from "../support/stage.ts";

/** The lab's homelab is a real one as far as a drill can see: it is destroyed and comes back, and what is outside of it stays. */

let lab: Homelab;
const name = "test-stack";
/** Told by the first cluster, asked of the second. */
let before: { uid: string; authority: string; volume: string; url: string; digest: string };

beforeAll(async () => {
  for (const [key, value] of Object.entries({ AWS_ACCESS_KEY_ID: "lab", AWS_SECRET_ACCESS_KEY: "lab-secret-key" }))
    process.env[key] = value;
  lab = await openHomelab(name);
});
afterAll(async () => await strikeStage(name));

const uid = async () => (await lab.ask("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")).output;
const kubeconfig = async () =>
  await ssmParameter({
    ssm: lab.stage.parameter,
    region: awsCredentials.region,
    endpoint: ssmEndpoint(lab.stage.services),
  });
const inPod = async (namespace: string, pod: string, command: string) =>
  (await lab.ask("-n", namespace, "exec", pod, "--", "sh", "-ec", command)).output;
const digestIn = async (namespace: string, pod: string) =>
  /[0-9a-f]{64}/.exec(await inPod(namespace, pod, "sha256sum /data/sentinel"))?.[0];
const volumeOf = async () =>
  (await lab.read<{ spec: { volumeName: string } }>("dr-exercise", "pvc", "data"))!.spec.volumeName;
const store = () => {
  const { url, endpoint, accessKey, secretKey } = backupPlace(lab.stage.services);
  const key = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
  return openStore(url, { ...key, AWS_ENDPOINTS: endpoint });
};

test(
  "applied, the cluster is up: layers in their order, workload, kubeconfig in SSM",
  { timeout: 300_000 },
  async () => {
    const startedAt = Date.now();
    await raise(lab);
    // Alone on two cores it takes 40 s.
    expect(Date.now() - startedAt).toBeLessThan(180_000);
    const { kubeconfig: file } = await lab.layout();
    expect(await kubeconfig()).toBe(await readFile(file, "utf8"));
    const available = await lab.ask("-n", "dr-exercise", "wait", "deployment/dr-exercise", "--for=condition=Available");
    expect(available.output).toContain("condition met");
    expect(
      await inPod("dr-exercise", "deployment/dr-exercise", "id -u; head -c 5000000 /dev/urandom > /data/sentinel"),
    ).toBe("1000");
  },
);

test("SSM gives a secret to nobody else, and only decrypted", async () => {
  const ask = async (accessKeyId: string, WithDecryption: boolean) => {
    const credentials = { accessKeyId, secretAccessKey: "any" };
    const ssm = new SSMClient({
      region: awsCredentials.region,
      endpoint: ssmEndpoint(lab.stage.services),
      credentials,
    });
    const command = new GetParameterCommand({ Name: lab.stage.parameter, WithDecryption });
    return await ssm.send(command).finally(() => ssm.destroy());
  };
  await expect(ask("stranger", true)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
  await expect(ask("expired", true)).rejects.toMatchObject({ name: "ExpiredTokenException" });
  expect((await ask("lab", false)).Parameter).toMatchObject({ Type: "SecureString", Version: 1 });
  expect((await ask("lab", false)).Parameter?.Value).not.toContain("certificate");
});

test("a backup by Longhorn's objects is in the store, whole, as Longhorn lays it out", async () => {
  const volume = await volumeOf();
  const { status } = await backUpVolume(lab, volume, "first");
  expect(status).toMatchObject({ state: "Completed", progress: 100, snapshotName: "first", volumeName: volume });
  expect(status.url).toBe(`s3://backups@us-east-1/?backup=first&volume=${volume}`);
  const config = await store().backup(volume, "first");
  expect(config).toMatchObject({ Name: "first", VolumeName: volume, Labels: { test: "first" } });
  const blocks = await Promise.all(config.Blocks.map(({ BlockChecksum }) => store().readBlock(volume, BlockChecksum)));
  expect(blocks.map((block) => checksum(block))).toEqual(config.Blocks.map(({ BlockChecksum }) => BlockChecksum));
  expect(Buffer.concat(blocks).length).toBeGreaterThan(5_000_000);
  expect(await store().volume(volume)).toMatchObject({ LastBackupName: "first", Size: "1073741824" });
  const authority = await readFile((await lab.layout()).kubeconfig, "utf8");
  const digest = (await digestIn("dr-exercise", "deployment/dr-exercise"))!;
  before = { uid: await uid(), authority, volume, url: status.url, digest };
});

test("destroyed, it is gone with all its data and its kubeconfig; backups and states stay", async () => {
  const { nodeAddress, directory } = await lab.layout();
  await runStack(lab.stage, lab.built, "destroy");
  await expect(lab.layout()).rejects.toThrow("does not run");
  await expect(fetch(`https://${nodeAddress}:6443/readyz`, { signal: AbortSignal.timeout(2_000) })).rejects.toThrow();
  await expect(readFile(`${directory}/admin.kubeconfig`)).rejects.toThrow("ENOENT");
  await expect(kubeconfig()).rejects.toThrow("there is no SSM parameter");
  expect(await store().backups(before.volume)).toEqual(["first"]);
});

test(
  "applied again, it is another cluster, which finds the backups and restores the same bytes",
  { timeout: 300_000 },
  async () => {
    await raise(lab);
    expect(await uid()).not.toBe(before.uid);
    expect(await kubeconfig()).not.toBe(before.authority);
    const backup = async () => await lab.read<{ status?: object }>("longhorn-system", "lhb", "first");
    await waitUntil("the backup is found", 30_000, async () => (await backup())?.status !== undefined);
    await expect.poll(backup, { timeout: 10_000 }).toMatchObject({
      metadata: { labels: { "backup-target": "default", "backup-volume": before.volume } },
      status: { state: "Completed", url: before.url, volumeSize: "1073741824" },
    });
    // GitOps has made an empty one meanwhile.
    expect(await volumeOf()).not.toBe(before.volume);
    expect(await digestIn("dr-exercise", "deployment/dr-exercise")).toBeUndefined();

    await lab.apply("apiVersion: v1\nkind: Namespace\nmetadata: { name: restored }\n");
    await requestRestore(lab, "restored-data", before.url, "restored");
    await waitUntil("the pod runs", 60_000, async () => {
      const wait = ["wait", "pod/restored-data", "--for=condition=Ready", "--timeout=1s"];
      return (await lab.ask("-n", "restored", ...wait)).ok;
    });
    expect(await digestIn("restored", "restored-data")).toBe(before.digest);
  },
);

test("a destroy that destroys nothing, and one that fails, leave the cluster answering", async () => {
  await orderStack(lab.stage, ["destroy-fails"]);
  await expect(runStack(lab.stage, lab.built, "destroy")).rejects.toThrow(
    "the machine cannot be deleted: it is locked",
  );
  await orderStack(lab.stage, ["destroy-nothing", "kubeconfig-stays"]);
  await runStack(lab.stage, lab.built, "destroy");
  expect((await lab.ask("get", "--raw", "/readyz")).output).toBe("ok");
  expect((await effects(lab.stage)).slice(-2)).toEqual(["machine-delete begins", "machine-delete ends"]);
});

test("without its store the backup target is no longer available when it is asked, and a backup is refused", async () => {
  await stopService(lab.stage.services, "minio");
  const later = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+/, "");
  const patch = JSON.stringify({ spec: { syncRequestedAt: later } });
  await lab.ask("-n", "longhorn-system", "patch", "lhbt", "default", "--type=merge", "-p", patch);
  const target = async () => await lab.read<object>("longhorn-system", "lhbt", "default");
  await expect.poll(target, { timeout: 20_000 }).toMatchObject({
    status: { available: false, conditions: [{ type: "Unavailable", status: "True" }] },
  });
  await expect(backUpVolume(lab, await volumeOf(), "second")).rejects.toThrow("backup target default is not available");
});
