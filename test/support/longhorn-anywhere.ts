import { inject, test } from "vitest";
import { createForeignLonghorn } from "./foreign-longhorn.ts";
import { createLonghornDrill } from "./longhorn-drill.ts";
import { ours } from "./longhorn-traces.ts";
import type { VolumePlace } from "./volume-app.ts";

/** The same drills of volumes in a cluster of the lab, by the stand-in, and in any other that has a real Longhorn. */
export interface AnyLonghorn extends VolumePlace {
  /** Lets backups and restores take longer, where that can be ordered. */
  slow: (isOn: boolean) => Promise<void>;
  /** Remembers which volumes were made, so that they and their backups go in the end. To be called after each test. */
  noteVolumes: () => Promise<void>;
}

/** StorageClasses of these tests, one for each reclaim policy. */
export const [keeping, deleting] = [`${ours}retain`, `${ours}delete`];

const isForeign = inject("foreignKubeconfig") !== null;

/** For `vi.setConfig`: a real Longhorn takes its time to attach, and to detach. */
export const timeouts = isForeign
  ? { testTimeout: 1_200_000, hookTimeout: 1_200_000 }
  : { testTimeout: 240_000, hookTimeout: 600_000 };

/** Tests that need a Longhorn; skipped where somebody else's cluster has none. */
export const longhornTest = test.skipIf(isForeign && !inject("foreignLonghorn"));

/**
 * @param cluster of the lab, which is made anew where no other one is given
 * @param apps names of applications, each in a namespace of its own
 * @throws where somebody else's cluster has such things already
 */
export async function createAnyLonghorn(cluster: string, apps: string[]): Promise<AnyLonghorn> {
  const namespaces = apps.map((app) => ours + app);
  const foreign = inject("foreignKubeconfig");
  const place = foreign === null ? await inLab(cluster, namespaces) : await createForeignLonghorn(foreign, namespaces);
  await place.apply([storageClass(keeping, "Retain"), storageClass(deleting, "Delete")].join("---\n"));
  await place.startWorker();
  return place;
}

async function inLab(cluster: string, namespaces: string[]): Promise<AnyLonghorn> {
  const drill = await createLonghornDrill(cluster, namespaces);
  const slow = async (isOn: boolean) => await drill.order(...(isOn ? [{ misbehave: "slow" as const }] : []));
  // The cluster and its store are removed as a whole.
  return { ...drill, slow, noteVolumes: async () => await Promise.resolve() };
}

/** @param more parameters */
export const storageClass = (name: string, reclaimPolicy: string, more: Record<string, string> = {}) => `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: ${name} }
provisioner: driver.longhorn.io
reclaimPolicy: ${reclaimPolicy}
volumeBindingMode: Immediate
parameters: ${JSON.stringify({ numberOfReplicas: "1", staleReplicaTimeout: "30", ...more })}
`;
