import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Inventory } from "./memory.ts";
import type { Session } from "../kubernetes/session.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";

/**
 * Lets the new claims have the old volumes. A volume of policy Retain outlives its claim, but stays bound to that one's uid:
 * without it, it waits for a claim of that name (pv_controller.go, findMatchingVolume). Otherwise the new claim would get an
 * empty volume.
 * @param entries of the namespace that is gone: its claims are
 * @returns names of the volumes
 */
export async function keepVolumes(
  { cluster }: Session,
  { entries, lostClaims = [] }: Pick<Inventory, "entries" | "lostClaims">,
): Promise<string[]> {
  const listed = entries.filter(({ kind }) => kind === "PersistentVolumeClaim").map(({ uid }) => uid);
  const claims = new Set([...listed, ...lostClaims]);
  const { objects } = await cluster.list(persistentVolumes);
  const kept = objects.filter((volume) => isLeft(volume, claims));
  for (const { metadata } of kept)
    await cluster.mergePatch(persistentVolumes, metadata.name, undefined, {
      spec: { claimRef: { uid: null, resourceVersion: null } },
    });
  return kept.map(({ metadata }) => metadata.name);
}

/** Not by its phase, which comes after the claim has gone. */
function isLeft({ spec }: KubernetesObject, claims: Set<string>): boolean {
  const claim = spec?.["claimRef"] as { uid?: string } | undefined;
  return spec?.["persistentVolumeReclaimPolicy"] === "Retain" && claims.has(claim?.uid ?? "");
}
