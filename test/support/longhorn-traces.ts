import type { VolumePlace } from "./volume-app.ts";

/** What drills of volumes leave in somebody else's cluster, and how it goes again. Nothing else is ever removed. */

/** Everything that these tests make is called so. */
export const ours = "firedrill-e2e-";

type Kubectl = VolumePlace["kubectl"];

interface Listed {
  kind: string;
  metadata: { name: string };
  spec?: {
    volumeName?: string;
    claimRef?: { namespace?: string };
    csi?: { driver?: string; volumeHandle?: string };
  };
}

const longhorn = "longhorn-system";

async function list(kubectl: Kubectl, kind: string): Promise<Listed[]> {
  const text = await kubectl("-n", longhorn, "get", kind, "-o", "json");
  try {
    return (JSON.parse(text) as { items: Listed[] }).items;
  } catch {
    throw new Error(`kubectl get ${kind}: ${text}`);
  }
}

const kinds = [
  "namespaces",
  "persistentvolumes",
  "storageclasses.storage.k8s.io",
  "volumes.longhorn.io",
  "backupvolumes.longhorn.io",
  "backups.longhorn.io",
];

const isOurs = ({ metadata, spec = {} }: Listed) =>
  [metadata.name, spec.volumeName, spec.claimRef?.namespace].some((name) => name?.startsWith(ours));

/** @throws where there is something of ours: it is from a test that was killed, or is not ours at all */
export async function requireNoTraces(kubectl: Kubectl): Promise<void> {
  const found = (await Promise.all(kinds.map(async (kind) => await list(kubectl, kind)))).flat().filter(isOurs);
  if (found.length === 0) return;
  const names = found.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ");
  throw new Error(`the cluster has ${names}: delete what a test has left there, and begin again`);
}

/** @param namespaces that were not there before */
export function createTraces(kubectl: Kubectl, namespaces: string[]) {
  /** Names of Longhorn volumes that were made for claims of these namespaces. */
  const made = new Set<string>();
  const volumesOfOurs = async () =>
    (await list(kubectl, "persistentvolumes")).filter(
      ({ spec }) => spec?.csi?.driver === "driver.longhorn.io" && namespaces.includes(spec.claimRef?.namespace ?? ""),
    );

  async function note(): Promise<void> {
    for (const { spec } of await volumesOfOurs()) made.add(spec!.csi!.volumeHandle!);
  }

  /** @throws what could not be removed, after all else is */
  async function remove(): Promise<void> {
    await note();
    const trouble: string[] = [];
    const go = async (kind: string, names: string[]) => {
      if (names.length === 0) return;
      const args = ["delete", kind, ...names, "--ignore-not-found", "--wait=true", "--timeout=5m"];
      const output = await kubectl("-n", longhorn, ...args);
      if (/error|timed out|refused/i.test(output)) trouble.push(output);
    };
    await go("namespaces", namespaces);
    const pvs = await volumesOfOurs();
    await go(
      "persistentvolumes",
      pvs.map(({ metadata }) => metadata.name),
    );
    await go("volumes.longhorn.io", [...made]);
    // With a BackupVolume Longhorn deletes the backups of that volume, in the store as well.
    const stored = (await list(kubectl, "backupvolumes.longhorn.io")).filter(({ spec, metadata }) =>
      made.has(spec?.volumeName ?? metadata.name),
    );
    await go(
      "backupvolumes.longhorn.io",
      stored.map(({ metadata }) => metadata.name),
    );
    const classes = (await list(kubectl, "storageclasses.storage.k8s.io")).filter(isOurs);
    await go(
      "storageclasses.storage.k8s.io",
      classes.map(({ metadata }) => metadata.name),
    );
    if (trouble.length > 0) throw new Error(`not all that was made could be removed: ${trouble.join("; ")}`);
  }

  return { note, remove };
}
