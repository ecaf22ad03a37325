import type { RecoveryFacts } from "../../guard/facts.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { isNamed } from "../kubernetes/patterns.ts";

/** Claims whose data goes with them: by the policy Delete of their volume nothing of it is left. */
export function lostVolumes(
  claims: KubernetesObject[],
  volumes: KubernetesObject[],
  loses: string[],
): RecoveryFacts["volumes"] {
  return claims.flatMap((claim) => {
    const name = `PersistentVolumeClaim/${claim.metadata.name}`;
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec?.["volumeName"]);
    const policy = volume?.spec?.["persistentVolumeReclaimPolicy"];
    if (volume === undefined || policy === "Retain" || isNamed(loses, name)) return [];
    return [{ claim: name, why: `the reclaim policy of ${volume.metadata.name} is ${String(policy)}` }];
  });
}
