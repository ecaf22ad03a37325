import type { KubernetesObject } from "../kubernetes/object.ts";
import { type Listed, snapshotTime } from "./choose.ts";
import { volumeBehind } from "./find-volume.ts";
import { specOf, statusOf, textIn, volumeIn } from "./kinds.ts";
import { claimsBehind, ownersOf } from "./newest.ts";
import { backupState, faulted, isRestoring } from "./states.ts";

/** Which claims a real loss took, where others are still there. Pure. */

interface There {
  /** Of one namespace. */
  claims: KubernetesObject[];
  pvs: KubernetesObject[];
  volumes: KubernetesObject[];
}

/** Names of claims, each list sorted. */
interface Lost {
  /** With a complete backup. */
  lost: string[];
  /** They have their volume. */
  whole: string[];
  /** Gone, and no backup of them is complete; with what Longhorn says of one of those. */
  unusable: { claim: string; why: string }[];
}

/** What has become of the claims of a namespace of which there are backups. @param toTime ISO 8601; null for all backups */
export function lostClaims(listed: Listed, namespace: string, there: There, toTime: string | null = null): Lost {
  const prefix = `${namespace}/`;
  // What was made later did not exist at that time.
  const owners = ownersOf(listed);
  const backups = listed.backups.filter((backup) => toTime === null || snapshotTime(backup) <= Date.parse(toTime));
  // One that was not read does not say whose it is; others of its volume may.
  const byClaim = Map.groupBy(backups, (backup) => [...claimsBehind(backup, owners)][0] ?? "");
  const result: Lost = { lost: [], whole: [], unusable: [] };
  for (const whose of [...byClaim.keys()].filter((key) => key.startsWith(prefix)).toSorted()) {
    const claim = whose.slice(prefix.length);
    const states = byClaim.get(whose)!.map(backupState);
    if (isWhole(claim, new Set(byClaim.get(whose)!.map(volumeIn)), there)) result.whole.push(claim);
    else if (states.some(({ is }) => is === "done")) result.lost.push(claim);
    else result.unusable.push({ claim, why: states.map(whyNot)[0]! });
  }
  return result;
}

const whyNot = (state: ReturnType<typeof backupState>) =>
  state.is === "working" ? state.text : state.is === "failed" ? state.why : "";

/**
 * Whether a claim has the volume that was backed up, or one that was restored. An empty one that GitOps made after the loss is
 * neither: to leave it out would pass for a restore, so that it stays, and is refused by name.
 */
function isWhole(name: string, sources: Set<string>, { claims, pvs, volumes }: There): boolean {
  const claim = claims.find(({ metadata }) => metadata.name === name);
  if (claim === undefined || statusOf(claim)["phase"] !== "Bound") return false;
  const pv = pvs.find(({ metadata }) => metadata.name === textIn(specOf(claim), "volumeName"));
  const behind = pv && volumeBehind(pv);
  const volume = volumes.find(({ metadata }) => metadata.name === behind);
  if (volume === undefined || statusOf(volume)["robustness"] === faulted || isRestoring(volume)) return false;
  return sources.has(volume.metadata.name) || textIn(specOf(volume), "fromBackup") !== "";
}
