import { appendFile, chmod, open, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import type { Misbehaviour } from "../../lab/longhorn/orders.ts";
import { startService, stopService } from "../../lab/services/services.ts";
import { backUpVolume } from "../support/longhorn.ts";
import type { Sabotage } from "./driver.ts";
import { claimNamespace, fileIn, letLonghornLook, type Stage } from "./stage.ts";
import { newestBackup, volumesOf } from "./store.ts";

/** What strikes in the new cluster, while the volume is restored or before it is verified. */

const misbehaves = (
  name: string,
  misbehave: Misbehaviour,
  how: string,
  at: "restore/data" | "verify/data",
  says: RegExp,
  more: Partial<Sabotage> = {},
): Sabotage => ({
  name,
  how: `Longhorn's stand-in ${how}`,
  when: "restore/data",
  does: (stage) => stage.order(misbehave),
  verdict: "FAIL",
  at,
  says,
  ...more,
});

/** Nothing moves any more: it need not be waited for long. */
const impatient = { plan: () => ({ volume: { standstill: "12s" } }) };

const restores: Sabotage[] = [
  misbehaves(
    "an older backup is restored",
    "restore-older",
    "restores the backup of before, and says that it was the pinned one",
    "verify/data",
    /Sentinel .*: no sentinel/,
    { before: async (stage) => await backUpVolume(stage, await stage.volume(), `older-${Date.now()}`) },
  ),
  misbehaves(
    "the backup of another volume is restored",
    "restore-foreign",
    "restores the backup of another volume, and says that it was the pinned one",
    "verify/data",
    /Sentinel .*: no sentinel.*Files.*: \d+ missing/,
    { before: anotherVolume },
  ),
  misbehaves(
    "the volume is restored empty",
    "restore-empty",
    "restores nothing, and says that it is done",
    "verify/data",
    /Sentinel .*: no sentinel.*Files.*: \d+ missing/,
  ),
  misbehaves(
    "one byte is restored as another one",
    "restore-altered",
    "changes one byte of the largest file",
    "verify/data",
    /altered|sha256/,
  ),
  misbehaves(
    "the restore stands still",
    "restore-stuck",
    "stays at 37 %",
    "restore/data",
    /volume .* to be restored: standing still since .*: 37 % restored/,
    impatient,
  ),
  misbehaves(
    "the restore fails",
    "restore-faulted",
    "says that all replicas failed, and the volume is faulted",
    "restore/data",
    /volume .* is faulted: All replica restore failed/,
  ),
  misbehaves(
    "there is no place for the replicas",
    "unschedulable",
    "finds no disk with room for a replica",
    "restore/data",
    /no place for the volume's replicas: ReplicaSchedulingFailure insufficient storage/,
    impatient,
  ),
  misbehaves(
    "Longhorn does not reach its store in the new cluster",
    "target-unavailable",
    "does not reach its store any more",
    "restore/data",
    /no such host|is not available|was read from the store never|All replica restore failed/,
    {
      ...impatient,
      does: async (stage) => {
        await stage.order("target-unavailable");
        await letLonghornLook(stage);
      },
    },
  ),
];

const store: Sabotage[] = [
  {
    name: "retention deletes the backup after the destruction",
    how: "the pinned backup and its blocks are removed from MinIO while the cluster is made anew",
    when: "restore/data",
    does: async (stage) => {
      const { volume, config } = await newestOfAll(stage);
      await stage.store().removeBackup(volume, config.Name);
    },
    verdict: "FAIL",
    at: "restore/data",
    says: /backup_.*\.cfg is not there/,
  },
  {
    name: "the backup is swapped after the destruction",
    how: "backup_….cfg is replaced in MinIO by one with a shorter list of blocks",
    when: "restore/data",
    does: async (stage) => {
      const files = stage.store();
      const { volume, config } = await newestOfAll(stage);
      await files.writeBackup({ ...config, VolumeName: volume, Blocks: config.Blocks.slice(0, -1) });
    },
    verdict: "FAIL",
    at: "restore/data",
    says: /it is another one than the one that was pinned/,
  },
  {
    name: "the store cannot be reached after the rebuild",
    how: "MinIO is killed once the cluster is made anew",
    when: "restore/data",
    does: ({ stage: { services } }) => stopService(services, "minio"),
    verdict: "FAIL",
    at: "restore/data",
    says: /does not answer \(ECONNREFUSED\)/,
    undo: ({ stage: { services }, built }) => startService(services, "minio", built),
  },
];

const claims: Sabotage[] = [
  {
    name: "GitOps makes an empty claim first",
    how: "the claim is applied as Git has it before the volume is restored, and gets an empty volume",
    when: "restore/data",
    does: async (stage) => {
      await stage.apply(claimOf("storageClassName: longhorn"));
      await waitUntil("it is bound", 60_000, async () => (await stage.volume()) !== "");
    },
    verdict: "FAIL",
    at: "restore/data",
    says: /claim dr-exercise\/data is bound to volume pvc-\S+ instead of/,
  },
  {
    name: "the claim is bound to another PersistentVolume",
    how: "somebody gives the claim a PersistentVolume of his own, on another Longhorn volume",
    when: "restore/data",
    does: async (stage) => {
      await stage.apply(foreignVolume);
      await stage.apply(claimOf("storageClassName: longhorn, volumeName: foreign"));
      await waitUntil("it is bound", 60_000, async () => (await stage.volume()) === "foreign");
    },
    verdict: "FAIL",
    at: "restore/data",
    says: /claim dr-exercise\/data is bound to volume foreign instead of/,
  },
  {
    name: "the claim is swapped after it was verified",
    how: "the verified claim is deleted, so that GitOps makes one with an empty volume",
    when: "rebuild/gitops/homelab",
    does: (stage) => stage.k("-n dr-exercise delete pvc data --wait=true"),
    verdict: "FAIL",
    at: "data: place",
    says: /volume pvc-\S+, which is not the restored one/,
  },
];

/** Done to the restored volume's folder, as no pod uses it yet. */
const harmed = (name: string, how: string, ending: string, harm: (path: string) => Promise<unknown>, says: RegExp) => ({
  name,
  how,
  when: "verify/data",
  does: async (stage: Stage) => await harm(await fileIn(stage, ending)),
  verdict: "FAIL" as const,
  at: "verify/data",
  says,
});

const files: Sabotage[] = [
  harmed(
    "a file is altered by one byte",
    "one byte of a file of the restored volume is changed; its size and its times stay",
    "letters/large",
    async (path) => {
      const { atime, mtime } = await stat(path);
      const file = await open(path, "r+");
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, 150_000);
      byte[0]! ^= 1;
      await file.write(byte, 0, 1, 150_000);
      await file.close();
      await utimes(path, atime, mtime);
    },
    /Files.*: 1 altered: \.\/letters\/large/,
  ),
  harmed(
    "a file is missing",
    "a file of the restored volume is removed",
    "letters/one",
    (path) => rm(path),
    /Files.*: 1 missing: \.\/letters\/one/,
  ),
  harmed(
    "there is a file too many",
    "a file is put into the restored volume",
    "letters/one",
    (path) => writeFile(join(dirname(path), "two"), "two\n"),
    /Files.*: 1 that were not there: \.\/letters\/two/,
  ),
  harmed(
    "a file has other rights",
    "a file of the restored volume may be read by nobody else any more",
    "letters/one",
    (path) => chmod(path, 0o640),
    /Files.*: 1 altered: \.\/letters\/one/,
  ),
  {
    name: "the sentinel is altered after it was verified",
    how: "a byte is added to the sentinel when the workload has the volume",
    when: "verify/place/data",
    does: async (stage) => {
      for (const sentinel of await sentinelsIn(stage)) await appendFile(await fileIn(stage, sentinel), "x");
    },
    verdict: "FAIL",
    at: "data: place",
    says: /the restored volume, without the sentinel/,
  },
];

export const inRestore: Sabotage[] = [...restores, ...store, ...claims, ...files];

/** Rows that failed after their loss have left theirs in the volume. */
const sentinelsIn = async (stage: Stage) =>
  (await stage.inPod("ls -A /data")).split("\n").filter((name) => name.startsWith(".firedrill"));

/** Of all volumes: the claim is not there yet. */
async function newestOfAll(stage: Stage) {
  const all = await Promise.all((await volumesOf(stage)).map(async (volume) => await newestBackup(stage, volume)));
  return all.toSorted((a, b) => a.config.SnapshotCreatedAt.localeCompare(b.config.SnapshotCreatedAt)).at(-1)!;
}

const claimOf = (how: string) => `
apiVersion: v1
kind: Namespace
metadata: { name: ${claimNamespace} }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: ${claimNamespace} }
spec: { accessModes: [ReadWriteOnce], ${how}, resources: { requests: { storage: 1Gi } } }
`;

const foreignVolume = `
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: { name: foreign, namespace: longhorn-system }
spec: { size: "1073741824", frontend: blockdev, numberOfReplicas: 1, accessMode: rwo }
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: foreign }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: longhorn
  csi: { driver: driver.longhorn.io, fsType: ext4, volumeHandle: foreign }
`;

/** Something else that Longhorn has a backup of. */
async function anotherVolume(stage: Stage): Promise<void> {
  await stage.apply(foreignVolume);
  await backUpVolume(stage, "foreign", `foreign-${Date.now()}`);
}
