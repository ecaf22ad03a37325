import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findSandbox, stopWithin } from "../../lab/cluster/sandbox.ts";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { openStore } from "../../lab/longhorn/backup-store.ts";
import { startLonghorn } from "../../lab/longhorn/install.ts";
import { longhornDown, longhornUp } from "../../lab/longhorn/up.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { type Misbehaviour, writeOrders } from "../../lab/longhorn/orders.ts";
import { backupPlace, ordersFile, type Services } from "../../lab/services/services.ts";
import {
  type Administrator,
  administrator,
  backUpVolume,
  type LonghornVolume,
  requestBackup,
  requestRestore,
} from "../support/longhorn.ts";

/** The stand-in for Longhorn does what the real one is known to do, and does wrong what it is told to: so it is seen by a drill. */

let lab: Administrator;
let services: Services;
const name = "test-longhorn";
let volume: string;
/** Of the two backups that there are at first. */
const backups: Record<string, { url: string; digest: string }> = {};

beforeAll(async () => {
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk())) as Built;
  ({ services } = await longhornUp(name, built));
  lab = administrator(name, built);
  await lab.apply(source);
  await running("source");
  volume = (await lab.read<{ spec: { volumeName: string } }>("default", "pvc", "source"))!.spec.volumeName;
  for (const one of ["first", "second"]) {
    // A restore of it that is slow lasts until a pod has tried to get the volume.
    await inPod("source", "head -c 20000000 /dev/urandom > /data/sentinel");
    const { status } = await backUpVolume(lab, volume, one);
    backups[one] = { url: status.url, digest: await digestIn("source") };
  }
}, 300_000);
afterAll(async () => await longhornDown(name));
afterEach(async () => await writeOrders(ordersFile(services), []));

const source = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: source, namespace: default }
spec: { storageClassName: longhorn, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: source, namespace: default }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: writer, image: "localhost/busybox:1", command: [sleep, infinity], volumeMounts: [{ name: data, mountPath: /data }] }
  volumes: [{ name: data, persistentVolumeClaim: { claimName: source } }]
`;

const inPod = async (pod: string, command: string) =>
  (await lab.ask("-n", "default", "exec", pod, "--", "sh", "-ec", command)).output;
const digestIn = async (pod: string) => (await inPod(pod, "sha256sum < /data/sentinel")).slice(0, 64);
const running = async (pod: string) =>
  await waitUntil(`pod ${pod} runs`, 90_000, async () => {
    return (await lab.ask("-n", "default", "wait", `pod/${pod}`, "--for=condition=Ready", "--timeout=1s")).ok;
  });
const order = async (misbehave: Misbehaviour) => await writeOrders(ordersFile(services), [{ misbehave }]);
const store = () => {
  const { url, endpoint, accessKey, secretKey } = backupPlace(services);
  return openStore(url, { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: endpoint });
};
const volumeNamed = async (one: string) => await lab.read<LonghornVolume>("longhorn-system", "lhv", one);
const backupNamed = async (one: string) => await lab.read<object>("longhorn-system", "lhb", one);
const restored = async (one: string) =>
  await waitUntil(`${one} is restored`, 90_000, async () => {
    const { restoreInitiated, restoreRequired } = (await volumeNamed(one))?.status ?? {};
    return restoreInitiated === true && restoreRequired === false;
  });
const requestSync = async (kind: string, object: string) => {
  const later = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+/, "");
  const patch = JSON.stringify({ spec: { syncRequestedAt: later } });
  await lab.ask("-n", "longhorn-system", "patch", kind, object, "--type=merge", "-p", patch);
};

test("a restore takes its time, keeps pods out until it is done, is detached then, and brings the very bytes back", async () => {
  const refused = "volume good is not ready for workloads: volume requires restoration";
  // It goes on when a pod was kept out.
  await order("restore-stuck");
  const seen = new Set<string>();
  await requestRestore(lab, "good", backups["second"]!.url, "default");
  await waitUntil("it is restored and detached", 60_000, async () => {
    const { state, restoreInitiated, restoreRequired } = (await volumeNamed("good"))?.status ?? {};
    seen.add(`${restoreInitiated ?? "unset"} ${restoreRequired ?? "unset"}`);
    const refusal = await lab.ask("get", "volumeattachment", "-o", "jsonpath={.items[*].status.attachError.message}");
    if (refusal.output.includes(refused) && !seen.has(refused)) {
      seen.add(refused);
      await order("slow");
    }
    return restoreInitiated === true && restoreRequired === false && ["detached", "attached"].includes(state ?? "");
  });
  expect([...seen]).toContain("true true");
  expect([...seen]).toContain(refused);
  await running("good");
  expect(await digestIn("good")).toBe(backups["second"]!.digest);
  expect(await volumeNamed("good")).toMatchObject({
    spec: { size: "1073741824", numberOfReplicas: 3, accessMode: "rwo" },
  });
});

test.each([
  ["restore-older", async () => expect(await digestIn("restore-older")).toBe(backups["first"]!.digest)],
  ["restore-empty", async () => expect(await inPod("restore-empty", "ls -A /data | wc -l")).toBe("0")],
  [
    "restore-altered",
    async () => {
      expect(await inPod("restore-altered", "stat -c %s /data/sentinel")).toBe("20000000");
      expect(await digestIn("restore-altered")).not.toBe(backups["second"]!.digest);
    },
  ],
] satisfies [Misbehaviour, () => Promise<void>][])("%s: Longhorn says that all is well", async (misbehave, look) => {
  await order(misbehave);
  await requestRestore(lab, misbehave, backups["second"]!.url, "default");
  await running(misbehave);
  expect(await volumeNamed(misbehave)).toMatchObject({ status: { robustness: "healthy", restoreRequired: false } });
  await look();
});

test("the data of another volume is restored where it was ordered", async () => {
  await inPod("good", "echo of another volume > /data/foreign");
  await backUpVolume(lab, "good", "of-good");
  await order("restore-foreign");
  await requestRestore(lab, "foreign", backups["second"]!.url, "default");
  await running("foreign");
  expect(await inPod("foreign", "cat /data/foreign")).toBe("of another volume");
});

test("a volume that no node has room for is blocked until one has", async () => {
  await order("unschedulable");
  await requestRestore(lab, "blocked", backups["second"]!.url, "default");
  const conditions = [{ type: "Scheduled", status: "False", reason: "ReplicaSchedulingFailure" }];
  const blocked = { status: { restoreRequired: true, conditions } };
  await expect.poll(async () => await volumeNamed("blocked"), { timeout: 20_000 }).toMatchObject(blocked);
  await writeOrders(ordersFile(services), []);
  await restored("blocked");
});

test("a target that cannot be reached is unavailable when it is polled, and available again by itself", async () => {
  await order("target-unavailable");
  await requestSync("lhbt", "default");
  const target = async () => await lab.read<object>("longhorn-system", "lhbt", "default");
  const conditions = [{ type: "Unavailable", status: "True" }];
  await expect.poll(target, { timeout: 20_000 }).toMatchObject({ status: { available: false, conditions } });
  await writeOrders(ordersFile(services), []);
  await expect.poll(target, { timeout: 20_000 }).toMatchObject({ status: { available: true } });
});

test("a restore that is stuck stays at 37 %, and one that fails leaves a faulted volume", async () => {
  await order("restore-stuck");
  await requestRestore(lab, "stuck", backups["second"]!.url, "default");
  const engine = async () => JSON.stringify(await lab.read<object>("longhorn-system", "lhe", "stuck-e-0"));
  await expect.poll(engine, { timeout: 30_000 }).toContain('"progress":37');
  expect(await volumeNamed("stuck")).toMatchObject({ status: { restoreRequired: true, state: "attached" } });
  await order("restore-faulted");
  await restored("stuck");
  await requestRestore(lab, "faulted", backups["second"]!.url, "default");
  const faulted = { robustness: "faulted", state: "detached", restoreRequired: true };
  await expect.poll(async () => await volumeNamed("faulted"), { timeout: 30_000 }).toMatchObject({ status: faulted });
  expect(JSON.stringify(await volumeNamed("faulted"))).toContain(
    "All replica restore failed and the volume became Faulted",
  );
});

test("a backup that fails says so; one that is stuck stays at 37 % and can be deleted", async () => {
  await order("backup-error");
  expect(await backUpVolume(lab, volume, "error")).toMatchObject({ status: { state: "Error" } });
  await order("backup-stuck");
  await requestBackup(lab, volume, "stuck");
  const stuck = { status: { state: "InProgress", progress: 37 } };
  await expect.poll(async () => await backupNamed("stuck"), { timeout: 30_000 }).toMatchObject(stuck);
  expect(await lab.ask("-n", "longhorn-system", "delete", "lhb", "stuck", "--timeout=30s")).toMatchObject({ ok: true });
  expect(await store().backups(volume)).not.toContain("stuck");
});

test.each([
  ["backup-config-missing", "NoSuchKey"],
  ["backup-config-truncated", "JSON"],
  ["backup-block-missing", "NoSuchKey"],
  ["backup-block-truncated", "unexpected end of file"],
] satisfies [Misbehaviour, string][])("%s: the Backup is Completed, and cannot be read", async (misbehave, why) => {
  await order(misbehave);
  // Other bytes than before: a block that is shared stays.
  await inPod("source", "head -c 3000000 /dev/urandom > /data/other");
  expect(await backUpVolume(lab, volume, misbehave)).toMatchObject({ status: { state: "Completed" } });
  const readBack = async () => {
    const { Blocks } = await store().backup(volume, misbehave);
    for (const { BlockChecksum } of Blocks) await store().readBlock(volume, BlockChecksum);
    return "";
  };
  await expect.poll(async () => await readBack().catch(String), { timeout: 10_000 }).toContain(why);
  await lab.ask("-n", "longhorn-system", "delete", "lhb", misbehave, "--timeout=30s");
});

test("a list that lacks the newest backup takes its object away, and a later one brings it back", async () => {
  const { output } = await lab.ask(
    "-n",
    "longhorn-system",
    "get",
    "lhbv",
    "-l",
    `backup-volume=${volume}`,
    "-o",
    "jsonpath={.items[0].metadata.name}",
  );
  await backUpVolume(lab, volume, "newest");
  await order("stale-lists");
  await requestSync("lhbv", output);
  await expect.poll(async () => await backupNamed("newest"), { timeout: 20_000 }).toBeUndefined();
  expect(await store().backups(volume)).toContain("newest");
  await writeOrders(ordersFile(services), []);
  await requestSync("lhbv", output);
  const found = { status: { state: "Completed", snapshotName: "newest" } };
  await expect.poll(async () => await backupNamed("newest"), { timeout: 20_000 }).toMatchObject(found);
});

test("a backup's data goes with its object, but for the label; a volume's with the volume", async () => {
  await backUpVolume(lab, volume, "kept");
  await lab.ask("-n", "longhorn-system", "label", "lhb", "kept", "longhorn.io/delete-custom-resource-only=");
  for (const one of ["kept", "newest"]) await lab.ask("-n", "longhorn-system", "delete", "lhb", one, "--timeout=30s");
  expect(await store().backups(volume)).toEqual(["first", "kept", "second"]);
});

test("Longhorn's webhooks refuse what cannot be", async () => {
  const make = async (kind: string, spec: string) =>
    await lab.apply(`
apiVersion: longhorn.io/v1beta2
kind: ${kind}
metadata: { name: refused, namespace: longhorn-system }
spec: ${spec}
`);
  await expect(make("Volume", `{ size: "1073741824" }`)).rejects.toThrow("invalid volume frontend specified");
  const from = (backup: string) => `{ fromBackup: "s3://b@r/?backup=${backup}&volume=${volume}", frontend: blockdev }`;
  await expect(make("Volume", from("none"))).rejects.toThrow("cannot get backup none");
  await expect(make("Snapshot", "{ volume: none, createSnapshot: true }")).rejects.toThrow("failed to get volume none");
  await expect(make("Backup", "{ snapshotName: none }")).rejects.toThrow("cannot find the backup volume label");
  const patch = ["-n", "longhorn-system", "patch", "--type=merge", "-p"];
  const other = await lab.ask(...patch, '{"spec":{"volume":"other"}}', "lhsnap", "first");
  expect(other.output).toContain("spec.volume field is immutable");
});

test("killed in the middle of a backup and started again, it goes on", async () => {
  await order("slow");
  await requestBackup(lab, volume, "killed");
  const begun = { status: { state: "InProgress" } };
  await expect.poll(async () => await backupNamed("killed"), { timeout: 20_000 }).toMatchObject(begun);
  const sandbox = (await findSandbox(name))!;
  await stopWithin(sandbox, "longhorn-manager");
  await startLonghorn(sandbox, ordersFile(services));
  const done = { status: { state: "Completed", progress: 100 } };
  await expect.poll(async () => await backupNamed("killed"), { timeout: 60_000 }).toMatchObject(done);
  expect(await store().backups(volume)).toContain("killed");
});
