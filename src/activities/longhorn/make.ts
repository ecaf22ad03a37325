import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { StepContext } from "../step.ts";
import { byClaim } from "./find-volume.ts";
import { claims, engines, longhornNamespace, specOf, textIn, volumes } from "./kinds.ts";
import { restoreState } from "./states.ts";
import { addressed } from "./stored-backup.ts";
import { type Limits, untilDone } from "./wait.ts";
import type { Names, Wish } from "./wish.ts";

/** Brings a volume back from its backup. Each of its steps is safe to repeat; nothing that is there is ever written over. */

type Context = Pick<StepContext, "signal" | "progress">;

/**
 * Makes the volume from the backup, and waits until all of it is restored.
 * @throws TARGET_EXISTS, RECOVERY_FAILED where it is faulted, TIMED_OUT where it stands still
 */
export async function restoreVolume(
  cluster: Cluster,
  { volume: wanted }: Wish,
  limits: Limits,
  context: Context,
): Promise<void> {
  const { name } = wanted.metadata;
  const url = textIn(specOf(wanted), "fromBackup");
  await makeUnless(cluster, volumes, wanted, (there) => {
    requireNotFromOther(there, url);
    return specOf(there)["fromBackup"] === url
      ? undefined
      : `volume ${name} is there already, and is not made from this backup`;
  });
  await untilDone(
    cluster,
    (watched) => {
      const all = watched.objects().filter(({ kind }) => kind === "Engine");
      return restoreState(watched.find("Volume", name), all, url);
    },
    {
      what: `volume ${name} to be restored`,
      kinds: [volumes, engines],
      failure: "RECOVERY_FAILED",
      stuckHint: `It is stuck, and not faulted: look at its replicas, nodes and disks, and at the setting concurrent-volume-backup-restore-per-node-limit (kubectl -n ${longhornNamespace} describe volume ${name}); then retry.`,
    },
    limits,
    context,
  );
}

/** Keeps a restored volume for its claim, whoever makes that. @throws TARGET_EXISTS where it is another claim's */
export async function offerVolume(cluster: Cluster, { pv, claim }: Pick<Wish, "pv" | "claim">): Promise<void> {
  const whose = `${claim.metadata.namespace}/${claim.metadata.name}`;
  await makeUnless(cluster, persistentVolumes, pv, (there) => whyNotOurs(there, pv, whose));
}

/** Gives a restored volume to its claim. @throws TARGET_EXISTS where the claim has another volume, or the other way round */
export async function bindClaim(
  cluster: Cluster,
  { pv, claim }: Wish,
  limits: Limits,
  context: Context,
): Promise<void> {
  const { namespace, name } = claim.metadata;
  // The PersistentVolume first: a claim that finds none gets an empty one.
  await offerVolume(cluster, { pv, claim });
  await makeUnless(cluster, claims, claim, (there) => whyElsewhere(there, pv.metadata.name));
  await untilDone(
    cluster,
    (watched) => {
      const now = watched.find("PersistentVolumeClaim", name);
      if (now === undefined) return { is: "working", text: "the claim is not there" };
      const bound = textIn(specOf(now), "volumeName");
      if (bound !== "" && bound !== pv.metadata.name)
        return { is: "failed", why: whyElsewhere(now, pv.metadata.name)!, hint: elsewhereHint };
      if (now.status?.["phase"] === "Bound") return { is: "done" };
      return { is: "working", text: `the claim is ${String(now.status?.["phase"])}` };
    },
    {
      what: `claim ${namespace}/${name} to be bound`,
      kinds: [claims],
      namespace: namespace!,
      failure: "TARGET_EXISTS",
      stuckHint: `Look why: kubectl -n ${namespace} describe pvc ${name}; then retry.`,
    },
    limits,
    context,
  );
}

const elsewhereHint =
  "If that volume is empty, because GitOps made the claim first, delete the claim and that volume; then retry. Never delete one that has data.";

/** @throws TARGET_EXISTS before the volume is made: somebody else's claim would get it, or has another one. @param url of the backup */
export async function requireFreeClaim(
  cluster: Cluster,
  { namespace, claim: name, volume: wanted }: Names,
  url: string,
): Promise<void> {
  const { claim, volume } = await byClaim(cluster, namespace, name);
  const why = claim && whyElsewhere(claim, wanted);
  if (why === undefined) return;
  if (volume !== undefined) requireNotFromOther(volume, url);
  throw fail("TARGET_EXISTS", why, elsewhereHint);
}

/**
 * One that somebody else has restored, such as the orchestrator's Job, is good, and may be newer than what this run knows: nobody
 * may be told to delete it. @throws TARGET_EXISTS
 */
function requireNotFromOther(there: KubernetesObject, url: string): void {
  const from = textIn(specOf(there), "fromBackup");
  if (from === "" || from === url) return;
  const [other, pinned] = [addressed(from), addressed(url)];
  const whose = other.volume === pinned.volume ? "" : ` of volume ${other.volume || "unknown"}`;
  const both = [other.backup, pinned.backup].filter((name) => name !== "").join(" ");
  throw fail(
    "TARGET_EXISTS",
    `volume ${there.metadata.name} is there already, made from backup ${other.backup || from}${whose}, and not from the pinned ${pinned.backup}`,
    `Somebody has restored it, perhaps the orchestrator's Job: it has data. Never delete it before you know which backup is newer (kubectl -n ${longhornNamespace} get backups.longhorn.io ${both} -o custom-columns=NAME:.metadata.name,TAKEN:.status.snapshotCreatedAt). Abort the run, and keep the volume.`,
  );
}

/** Why a claim that is there is none for a restored volume; undefined where it is. */
export function whyElsewhere(claim: KubernetesObject, pv: string): string | undefined {
  const bound = textIn(specOf(claim), "volumeName");
  const whose = `claim ${claim.metadata.namespace}/${claim.metadata.name}`;
  if (bound === pv) return undefined;
  if (bound !== "")
    return `${whose} is bound to volume ${bound} instead of ${pv}: somebody made it before the restored volume was there`;
  return `${whose} is there already, and waits for a volume that is not ${pv}`;
}

function whyNotOurs(there: KubernetesObject, wanted: KubernetesObject, claim: string): string | undefined {
  const handle = (of: KubernetesObject) => (specOf(of)["csi"] as { volumeHandle?: string } | undefined)?.volumeHandle;
  const { namespace = "", name = "" } = (specOf(there)["claimRef"] ?? {}) as { namespace?: string; name?: string };
  if (handle(there) === handle(wanted) && `${namespace}/${name}` === claim) return undefined;
  return `PersistentVolume ${there.metadata.name} is there already, for claim ${namespace}/${name}`;
}

/** @param why what is there is not what was wanted; undefined where it is */
async function makeUnless(
  cluster: Cluster,
  kind: Kind,
  wanted: KubernetesObject,
  why: (there: KubernetesObject) => string | undefined,
): Promise<void> {
  const { name, namespace } = wanted.metadata;
  if ((await cluster.create(wanted)) !== undefined) return;
  const there = await cluster.get(kind, name, namespace);
  const reason = there === undefined ? `${kind.kind} ${name} was there, and is gone` : why(there);
  if (reason !== undefined) throw fail("TARGET_EXISTS", reason, elsewhereHint);
}
