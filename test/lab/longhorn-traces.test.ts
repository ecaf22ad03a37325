import { expect, test } from "vitest";
import { createTraces, requireNoTraces } from "../support/longhorn-traces.ts";

/** What the drills of volumes remove from somebody else's cluster, and what they leave alone. */

interface Thing {
  kind: string;
  metadata: { name: string };
  spec?: object;
}

const thing = (kind: string, name: string, spec: object = {}): Thing => ({ kind, metadata: { name }, spec });
const pv = (name: string, namespace: string, driver = "driver.longhorn.io") =>
  thing("PersistentVolume", name, { claimRef: { namespace }, csi: { driver, volumeHandle: name } });

/** A kubectl that lists what there is, and remembers what it should delete. */
function fakeKubectl(there: Record<string, Thing[]>, answer = "deleted") {
  const deleted: string[] = [];
  const kubectl = async (...args: string[]) => {
    const [verb, kind = "", ...names] = args.slice(args.indexOf("-n") + 2);
    if (verb === "get") return await Promise.resolve(JSON.stringify({ items: there[kind] ?? [] }));
    deleted.push(...names.filter((name) => !name.startsWith("-")).map((name) => `${kind} ${name}`));
    return await Promise.resolve(answer);
  };
  return { kubectl, deleted };
}

const others = {
  namespaces: [thing("Namespace", "shop"), thing("Namespace", "firedrill-e2e")],
  persistentvolumes: [pv("pvc-9", "shop"), pv("pvc-8", "firedrill")],
  "storageclasses.storage.k8s.io": [thing("StorageClass", "longhorn")],
  "volumes.longhorn.io": [thing("Volume", "pvc-9"), thing("Volume", "fd-1a2b3c4d-data")],
  "backupvolumes.longhorn.io": [thing("BackupVolume", "pvc-9-abc", { volumeName: "pvc-9" })],
  "backups.longhorn.io": [thing("Backup", "firedrill-1a2b3c4d-data")],
};

test("only what these tests have made is removed: volumes that were noted, and the backups of those", async () => {
  const there: Record<string, Thing[]> = {
    ...structuredClone(others),
    persistentvolumes: [...others.persistentvolumes, pv("pvc-1", "firedrill-e2e-a")],
  };
  const { kubectl, deleted } = fakeKubectl(there);
  const traces = createTraces(kubectl, ["firedrill-e2e-a"]);
  await traces.note();
  // Lost by a drill meanwhile, and restored under its well-known name.
  there["persistentvolumes"] = [
    ...others.persistentvolumes,
    pv("firedrill-e2e-a-data", "firedrill-e2e-a"),
    pv("local-1", "firedrill-e2e-a", "local"),
  ];
  there["storageclasses.storage.k8s.io"]!.push(thing("StorageClass", "firedrill-e2e-retain"));
  there["backupvolumes.longhorn.io"]!.push(
    thing("BackupVolume", "pvc-1-abc", { volumeName: "pvc-1" }),
    thing("BackupVolume", "firedrill-e2e-a-data-abc", { volumeName: "firedrill-e2e-a-data" }),
  );
  await traces.remove();
  expect(deleted).toEqual([
    "namespaces firedrill-e2e-a",
    "persistentvolumes firedrill-e2e-a-data",
    "volumes.longhorn.io pvc-1",
    "volumes.longhorn.io firedrill-e2e-a-data",
    "backupvolumes.longhorn.io pvc-1-abc",
    "backupvolumes.longhorn.io firedrill-e2e-a-data-abc",
    "storageclasses.storage.k8s.io firedrill-e2e-retain",
  ]);
});

test("what could not be removed is said", async () => {
  const { kubectl } = fakeKubectl({}, "error: timed out waiting for the condition on namespaces/firedrill-e2e-a");
  await expect(createTraces(kubectl, ["firedrill-e2e-a"]).remove()).rejects.toThrow("timed out waiting");
});

test.each<[string, Thing]>([
  ["namespaces", thing("Namespace", "firedrill-e2e-a")],
  ["persistentvolumes", pv("pvc-1", "firedrill-e2e-a")],
  ["volumes.longhorn.io", thing("Volume", "firedrill-e2e-a-data")],
  ["backupvolumes.longhorn.io", thing("BackupVolume", "x", { volumeName: "firedrill-e2e-a-data" })],
  ["backups.longhorn.io", thing("Backup", "firedrill-e2e-nightly-1")],
])("they do not begin where there is one of their %s already", async (kind, found) => {
  const { kubectl } = fakeKubectl({ ...others, [kind]: [found] });
  await expect(requireNoTraces(kubectl)).rejects.toThrow(`the cluster has ${found.kind} ${found.metadata.name}`);
  await expect(requireNoTraces(fakeKubectl(others).kubectl)).resolves.toBeUndefined();
});
