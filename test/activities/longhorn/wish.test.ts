import { afterEach, expect, test } from "vitest";
import { aimsOf } from "../../../src/activities/longhorn/aims.ts";
import { fitting } from "../../../src/activities/longhorn/choose.ts";
import type { KnownVolume } from "../../../src/activities/longhorn/known.ts";
import { classSays } from "../../../src/activities/longhorn/storage-class.ts";
import { aboutClass, scratchName, wishFromBackup, wishLike } from "../../../src/activities/longhorn/wish.ts";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { LonghornComponent } from "../../../src/plan/longhorn-schema.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

let server: FakeApiServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const component = (more: object = {}) =>
  LonghornComponent.parse({ name: "data", kind: "longhorn", namespace: "shop", claim: "data", ...more });

const known = {
  cluster: "c",
  volume: {
    apiVersion: "longhorn.io/v1beta2",
    kind: "Volume",
    metadata: { name: "pvc-1", uid: "u" },
    spec: { size: "67108864", numberOfReplicas: 2, accessMode: "rwx", encrypted: true, dataLocality: "best-effort" },
  },
  pv: {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-1" },
    spec: {
      accessModes: ["ReadWriteMany"],
      storageClassName: "crypto",
      persistentVolumeReclaimPolicy: "Delete",
      mountOptions: ["noatime"],
      csi: { driver: "driver.longhorn.io", volumeHandle: "pvc-1", fsType: "xfs", nodeStageSecretRef: { name: "key" } },
    },
  },
  claim: {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: "data",
      namespace: "shop",
      labels: { app: "shop" },
      annotations: { "pv.kubernetes.io/bind-completed": "yes", mine: "kept" },
    },
    spec: { accessModes: ["ReadWriteMany"], storageClassName: "crypto", resources: { requests: { storage: "64Mi" } } },
  },
  workload: null,
  reader: null,
} satisfies KnownVolume;
const backup = { url: "s3://b@r/?backup=x&volume=pvc-1", size: "67108864" };
const run = { type: "exercise", scenario: "volume", short: "1a2b3c4d" } as never;

test("a volume comes back as it was: parameters, class, modes, secrets, labels; and is kept from now on", () => {
  const names = aimsOf(component({ volume: "shop-data" }), known, run, "pvc-1");
  const { volume, pv, claim } = wishLike(known, names, backup, {});
  expect(volume).toMatchObject({
    metadata: { name: "shop-data", namespace: "longhorn-system" },
    spec: { size: "67108864", fromBackup: backup.url, frontend: "blockdev", numberOfReplicas: 2, encrypted: true },
  });
  expect(volume.spec).toMatchObject({ accessMode: "rwx", dataLocality: "best-effort" });
  expect(pv.spec).toMatchObject({
    claimRef: { namespace: "shop", name: "data" },
    persistentVolumeReclaimPolicy: "Retain",
    accessModes: ["ReadWriteMany"],
    storageClassName: "crypto",
    mountOptions: ["noatime"],
    csi: { volumeHandle: "shop-data", fsType: "xfs", nodeStageSecretRef: { name: "key" } },
  });
  expect(pv.spec!["claimRef"]).not.toHaveProperty("uid");
  expect(claim).toMatchObject({
    metadata: { name: "data", namespace: "shop", labels: { app: "shop" }, annotations: { mine: "kept" } },
    spec: { volumeName: "shop-data", resources: { requests: { storage: "64Mi" } } },
  });
  expect(claim.metadata.annotations).toEqual({ mine: "kept" });
});

test("beside the live one it bears the run's label, and none that would let somebody take it for the live one", () => {
  const names = aimsOf(component(), known, { type: "exercise", scenario: "none", short: "1a2b3c4d" } as never, "pvc-1");
  const { pv, claim } = wishLike(known, names, backup, { "firedrill/run": "1a2b3c4d" });
  expect(names).toEqual({ volume: "fd-1a2b3c4d-data", namespace: "shop", claim: "fd-1a2b3c4d-data" });
  expect(claim.metadata).toMatchObject({ labels: { "firedrill/run": "1a2b3c4d" }, annotations: {} });
  expect(claim.metadata.labels).not.toHaveProperty("app");
  expect(pv.metadata.labels).toEqual({ "firedrill/run": "1a2b3c4d" });
  const long = component({ name: "a".repeat(40) });
  expect(scratchName(long, { short: "1a2b3c4d" })).toHaveLength(40);
});

const made = (
  name: string,
  at: string,
  more: { volume?: string; labels?: object; state?: string } = {},
): KubernetesObject => ({
  apiVersion: "longhorn.io/v1beta2",
  kind: "Backup",
  metadata: { name },
  spec: {},
  status: {
    state: more.state ?? "Completed",
    url: `s3://b@r/?backup=${name}`,
    lastSyncedAt: at,
    snapshotCreatedAt: at,
    volumeSize: "1",
    volumeName: more.volume ?? "pvc-1",
    labels: more.labels ?? {},
  },
});

test("of the backups that are meant the newest complete one is taken", () => {
  const of = (namespace: string, pvcName: string) => ({ KubernetesStatus: JSON.stringify({ namespace, pvcName }) });
  const listed = {
    backupVolumes: [],
    backups: [
      made("old", "2026-11-20T00:00:00Z"),
      made("new", "2026-11-22T00:00:00Z", { labels: { RecurringJob: "nightly" } }),
      made("broken", "2026-11-23T00:00:00Z", { state: "Error" }),
      made("foreign", "2026-11-24T00:00:00Z", { volume: "pvc-9" }),
      made("before", "2026-11-21T00:00:00Z", { volume: "pvc-0", labels: of("shop", "data") }),
      made("odd", "2026-11-25T00:00:00Z", { volume: "pvc-8", labels: { KubernetesStatus: "no JSON" } }),
    ],
  };
  const names = (wanted: object, toTime: string | null = null) =>
    fitting(listed, { volume: undefined, claim: undefined, ...wanted }, toTime).map(({ backup: b }) => b.metadata.name);
  expect(names({ volume: "pvc-1" })).toEqual(["new", "old"]);
  expect(names({ volume: "pvc-1", claim: "shop/data" })).toEqual(["new", "before", "old"]);
  expect(names({ volume: "pvc-1" }, "2026-11-21T12:00:00Z")).toEqual(["old"]);
  expect(names({ volume: "pvc-1", recurring: "nightly" })).toEqual(["new"]);
  expect(names({ claim: "other/data" })).toEqual([]);
});

const classOf = (parameters: Record<string, string>, more: object = {}): KubernetesObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "crypto" },
  provisioner: "driver.longhorn.io",
  parameters,
  ...more,
});
/** As Longhorn's documentation names a key for each volume. */
const perVolume = Object.fromEntries(
  ["provisioner", "node-stage", "node-publish"].flatMap((use) => [
    [`csi.storage.k8s.io/${use}-secret-name`, "${pvc.name}"],
    [`csi.storage.k8s.io/${use}-secret-namespace`, "${pvc.namespace}"],
  ]),
);
const whose = { namespace: "shop", claim: "data", pv: "pvc-1" };

test("a StorageClass says how its volumes are kept, and where their keys are", () => {
  const parameters = { numberOfReplicas: "2", dataLocality: "best-effort", encrypted: "true", fsType: "xfs" };
  const says = classSays(classOf({ ...parameters, ...perVolume }, { mountOptions: ["noatime"] }), whose);
  const secret = { name: "data", namespace: "shop" };
  expect(says).toEqual({
    parameters: { numberOfReplicas: 2, dataLocality: "best-effort", encrypted: true },
    csi: { fsType: "xfs", nodeStageSecretRef: secret, nodePublishSecretRef: secret },
    mountOptions: ["noatime"],
  });
  const one = classSays(
    classOf({
      "csi.storage.k8s.io/node-stage-secret-name": "key-of-${pv.name}",
      "csi.storage.k8s.io/node-stage-secret-namespace": "longhorn-system",
      "csi.storage.k8s.io/fstype": "btrfs",
    }),
    whose,
  );
  expect(one.csi).toEqual({
    fsType: "btrfs",
    nodeStageSecretRef: { name: "key-of-pvc-1", namespace: "longhorn-system" },
  });
});

test("how replicas are kept, and where, is as the class says", () => {
  const where = { diskSelector: "ssd, fast", nodeSelector: "storage", dataEngine: "v1", backupTargetName: "second" };
  expect(classSays(classOf({ ...where, staleReplicaTimeout: "30" }), whose).parameters).toEqual({
    numberOfReplicas: 0,
    encrypted: false,
    staleReplicaTimeout: 30,
    dataEngine: "v1",
    backupTargetName: "second",
    diskSelector: ["ssd", "fast"],
    nodeSelector: ["storage"],
  });
});

test.each([
  [{ encrypted: "false", numberOfReplicas: "many", staleReplicaTimeout: "soon", diskSelector: " , " }],
  [{ encrypted: "", numberOfReplicas: "0", dataLocality: "" }],
])("what a class does not say, or not well, is Longhorn's to decide: %j", (parameters) => {
  const usual = { parameters: { numberOfReplicas: 0, encrypted: false }, csi: { fsType: "ext4" } };
  expect(classSays(classOf(parameters), whose)).toEqual(usual);
  expect(classSays(undefined, whose)).toEqual(usual);
});

test("a secret that is named by what is gone with the claim is refused before anything is made", () => {
  const key = "csi.storage.k8s.io/node-stage-secret-name";
  const of = classOf({ encrypted: "true", [key]: "${pvc.annotations['team.example.com/key']}" });
  expect(() => classSays(of, whose)).toThrow("${pvc.annotations['team.example.com/key']}");
});

/** @param storageClass as the API server has it; undefined: there is none */
async function wishAfterLoss(storageClass: KubernetesObject | undefined) {
  const about = {
    metadata: { name: "pvc-1-abc" },
    spec: { volumeName: "pvc-1" },
    status: { storageClassName: "crypto", labels: { "longhorn.io/volume-access-mode": "rwx" } },
  };
  server = await startFakeApiServer(({ path }, response) => {
    const found = path.endsWith("/backupvolumes")
      ? { metadata: {}, items: [about] }
      : path.endsWith("/storageclasses/crypto")
        ? storageClass
        : undefined;
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? {}));
  });
  const cluster = openCluster(server.kubeconfig());
  const names = { volume: "shop-data", namespace: "shop", claim: "data" };
  return await wishFromBackup(cluster, made("x", "2026-11-22T00:00:00Z"), "pvc-1", names, {}).finally(
    () => void cluster.close(),
  );
}

test("a volume whose cluster is gone is made as its StorageClass says: encrypted, with its key and its replicas", async () => {
  const parameters = { numberOfReplicas: "2", dataLocality: "best-effort", encrypted: "true", ...perVolume };
  const wish = await wishAfterLoss(classOf(parameters, { mountOptions: ["noatime"] }));
  expect(wish.volume.spec).toMatchObject({ numberOfReplicas: 2, dataLocality: "best-effort", encrypted: true });
  expect(wish.volume.spec).toMatchObject({ accessMode: "rwx", fromBackup: "s3://b@r/?backup=x" });
  const secret = { name: "data", namespace: "shop" };
  expect(wish.pv.spec).toMatchObject({
    storageClassName: "crypto",
    accessModes: ["ReadWriteMany"],
    mountOptions: ["noatime"],
    csi: { volumeHandle: "shop-data", nodeStageSecretRef: secret, nodePublishSecretRef: secret },
  });
  expect(aboutClass(wish)).toBe("");
});

test.each([
  ["is not there", undefined],
  ["is another driver's", classOf({ encrypted: "true" }, { provisioner: "driver.example.com" })],
])("where the StorageClass %s it is said, and Longhorn decides", async (_, storageClass) => {
  const wish = await wishAfterLoss(storageClass);
  expect(wish.volume.spec).toMatchObject({ numberOfReplicas: 0, encrypted: false });
  expect(wish.pv.spec).toMatchObject({ storageClassName: "crypto", csi: { fsType: "ext4" } });
  expect(aboutClass(wish)).toContain("its StorageClass crypto is not there");
});
