import { fail } from "../failures.ts";
import type { Cluster } from "../activities/kubernetes/cluster.ts";
import type { KubernetesObject } from "../activities/kubernetes/object.ts";
import {
  type Chosen,
  claimOf,
  completeBackups,
  fitting,
  type Listed,
  listBackups,
} from "../activities/longhorn/choose.ts";
import { byClaim } from "../activities/longhorn/find-volume.ts";
import { longhornNamespace, specOf, statusOf, textIn, volumeIn, volumes } from "../activities/longhorn/kinds.ts";
import { offerVolume, restoreVolume, whyElsewhere } from "../activities/longhorn/make.ts";
import { aboutPassedOver, incomplete, type Newest, newestOf } from "../activities/longhorn/newest.ts";
import { isRestoring } from "../activities/longhorn/states.ts";
import { aboutClass, wishFromBackup } from "../activities/longhorn/wish.ts";
import type { StepContext } from "../activities/step.ts";
import type { RestoreVolumesConfig, Wanted } from "./config.ts";
import type { Outcome } from "./restore-all.ts";

type Found = Pick<Outcome, "result" | "message"> & Partial<Outcome>;
type Context = Pick<StepContext, "signal" | "progress">;

/**
 * One volume: looked at before anything is made, made from the backup, and kept for its claim, which GitOps makes later.
 * @throws TARGET_EXISTS where the claim got another volume although there is a backup; as newestOf and restoreVolume
 */
export async function restoreOne(
  cluster: Cluster,
  wanted: Wanted,
  config: RestoreVolumesConfig,
  context: Context,
): Promise<Found> {
  const [namespace = "", name = ""] = wanted.claim.split("/");
  const { claim, pv, volume: own } = await byClaim(cluster, namespace, name);
  const live = await cluster.get(volumes, wanted.volume, longhornNamespace);
  const listed = await listBackups(cluster);
  const candidates = fitting(listed, { volume: wanted.volume, claim: wanted.claim }, null);
  const bound = claim && textIn(specOf(claim), "volumeName");
  if (claim !== undefined && bound !== "" && own?.metadata.name !== wanted.volume)
    return ofOther(claim, own, sourcesOf(listed, candidates, wanted), wanted.volume);
  if (live !== undefined && pv !== undefined && !isRestoring(live))
    return { result: "unchanged", message: `volume ${wanted.volume} is there, and its claim has it` };
  const { chosen, passedOver } =
    live === undefined ? pinned(listed, wanted, config) : { chosen: madeFrom(live, candidates), passedOver: [] };
  if (chosen === undefined) return { result: "none", message: "there is no backup of it: a first installation" };
  const names = { volume: wanted.volume, namespace, claim: name };
  const wish = await wishFromBackup(cluster, chosen.backup, chosen.volume, names, {});
  const isNew = live === undefined || isRestoring(live);
  await restoreVolume(cluster, wish, config, context);
  await offerVolume(cluster, wish);
  const from = `backup ${chosen.backup.metadata.name} of ${textIn(statusOf(chosen.backup), "snapshotCreatedAt")}${aboutPassedOver(passedOver)}`;
  return isNew
    ? { result: "restored", message: `volume ${wanted.volume} from ${from}${aboutClass(wish)}` }
    : { result: "unchanged", message: `volume ${wanted.volume} is there, from ${from}` };
}

/** @throws NO_BACKUP where exactly one is wanted, and is not there; as newestOf */
function pinned(listed: Listed, wanted: Wanted, { volumes: all }: RestoreVolumesConfig): Newest {
  const { backup, claim, volume } = wanted;
  if (backup === undefined) {
    // What another line of the configuration names is that one's.
    const others = new Set(all.map((one) => one.volume).filter((name) => name !== volume));
    const relevant = {
      ...listed,
      backups: listed.backups.filter((one) => !others.has(volumeIn(one)) || claimOf(one) === claim),
    };
    const instead = ({ backup: older }: Chosen) =>
      `restore the older one: write \`backup: ${older.metadata.name}\` beside its claim`;
    return newestOf(relevant, { volume, claim }, null, instead);
  }
  const found = completeBackups(listed).find((one) => one.backup.metadata.name === backup);
  if (found === undefined) throw fail("NO_BACKUP", `backup ${backup} of claim ${claim} is not in the store`);
  return { chosen: found, passedOver: [] };
}

/** Names of the volumes of which there are backups, complete or not; first that of the newest complete one. */
function sourcesOf(listed: Listed, candidates: Chosen[], { volume, claim }: Wanted): string[] {
  const { ours } = incomplete(listed, { volume, claim });
  const names = new Set(ours.map(({ name }) => name));
  const others = listed.backups.filter(({ metadata }) => names.has(metadata.name));
  return [...candidates.map((one) => one.volume), ...others.map(volumeIn)];
}

/** The backup of a volume that is there already. @throws TARGET_EXISTS for one that was made from none */
function madeFrom(live: KubernetesObject, candidates: Chosen[]): Chosen {
  const url = textIn(specOf(live), "fromBackup");
  const found = candidates.find((one) => textIn(statusOf(one.backup), "url") === url);
  if (url !== "" && found !== undefined) return found;
  throw fail(
    "TARGET_EXISTS",
    `volume ${live.metadata.name} is there, but ${url === "" ? "was made from no backup" : "its backup is not in the store any more"}, and no claim has it`,
    "Look what is in it: give it to its claim, or delete it; then start the job again.",
  );
}

/**
 * The claim has a volume of another name. That is well where it is the very one that was backed up, or has no backup; otherwise
 * somebody made an empty one before the restore, and the data is in the backup alone.
 * @throws TARGET_EXISTS
 */
function ofOther(claim: KubernetesObject, own: KubernetesObject | undefined, sources: string[], wanted: string): Found {
  const name = own?.metadata.name ?? textIn(specOf(claim), "volumeName");
  const message = `its claim has volume ${name} already`;
  if (own !== undefined && textIn(specOf(own), "fromBackup") !== "") return { result: "unchanged", message };
  const [source] = sources;
  if (source === undefined || source === name) return { result: "unchanged", message };
  throw fail(
    "TARGET_EXISTS",
    `${whyElsewhere(claim, wanted)!}, and there is a backup of ${source}`,
    "If that volume is empty, delete the claim and it, and start the job again; let what makes the claim depend on the job.",
  );
}
