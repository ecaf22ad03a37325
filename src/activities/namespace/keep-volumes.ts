import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "./session.ts";
import { persistentVolumes } from "./survey.ts";

/**
 * Lets the new claims have the old volumes. A volume of policy Retain outlives its claim, but stays bound to that one's uid:
 * without it, it waits for a claim of that name (pv_controller.go, findMatchingVolume). Otherwise the new claim would get an
 * empty volume.
 * @returns names of the volumes
 */
export async function keepVolumes({ cluster }: Session, namespace: string): Promise<string[]> {
  const { objects } = await cluster.list(persistentVolumes);
  const kept = objects.filter((volume) => isLeft(volume, namespace));
  for (const { metadata } of kept)
    await cluster.mergePatch(persistentVolumes, metadata.name, undefined, {
      spec: { claimRef: { uid: null, resourceVersion: null } },
    });
  return kept.map(({ metadata }) => metadata.name);
}

function isLeft({ spec, status }: KubernetesObject, namespace: string): boolean {
  const claim = spec?.["claimRef"] as { namespace?: string; uid?: string } | undefined;
  const isKept = spec?.["persistentVolumeReclaimPolicy"] === "Retain" && status?.["phase"] === "Released";
  return isKept && claim?.namespace === namespace && claim.uid !== undefined;
}
