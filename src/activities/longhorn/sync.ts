import { describeFailure, fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import type { StepContext } from "../step.ts";
import {
  backups,
  backupTargets,
  backupVolumes,
  longhornNamespace,
  specOf,
  statusOf,
  textIn,
  volumeIn,
} from "./kinds.ts";
import { backupState } from "./states.ts";
import { type Limits, untilDone } from "./wait.ts";

/** Longhorn looks into its store every five minutes, in a new cluster as well: here it is asked to do so now. */

const stuckHint =
  "Look at Longhorn's BackupTarget: its address, its credentials, its server (kubectl -n longhorn-system describe backuptarget); then retry.";

/** When a sync was asked for last counts only when it is later than the last sync, in whole seconds. */
function requestTime(object: KubernetesObject): string {
  const last = Date.parse(textIn(statusOf(object), "lastSyncedAt")) || 0;
  const at = Math.max(Date.now(), last + 1_000);
  return new Date(at).toISOString().replace(/\.\d+/, "");
}

/**
 * Lets Longhorn read which volumes its store has, and which backups each has.
 * @param volume the one whose backups are wanted; all where it is not known
 * @throws SYSTEM_UNREACHABLE with what Longhorn says of the store
 */
export async function syncBackups(
  cluster: Cluster,
  { target, volume }: { target: string; volume?: string | undefined },
  limits: Limits,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  await untilAvailable(cluster, target, limits, context);
  const object = await cluster.get(backupTargets, target, longhornNamespace);
  if (object !== undefined) await syncOne(cluster, backupTargets, object, limits, context);
  const { objects } = await cluster.list(backupVolumes, { namespace: longhornNamespace });
  const wanted = objects.filter((one) => volume === undefined || textIn(specOf(one), "volumeName") === volume);
  await Promise.all(wanted.map(async (one) => await syncOne(cluster, backupVolumes, one, limits, context)));
  await untilRead(cluster, volume, limits, context);
}

/** One that is damaged in the store Longhorn never reads, and says nothing of it: the others must not wait for ever. */
const unreadMs = 10_000;

/** Longhorn makes an object of each backup first, and reads afterwards of what claim, how old and how whole it is. */
async function untilRead(
  cluster: Cluster,
  volume: string | undefined,
  limits: Limits,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  await untilDone(
    cluster,
    (watched) => {
      const all = watched.objects().filter((one) => volume === undefined || volumeIn(one) === volume);
      const unread = all.filter((one) => textIn(statusOf(one), "state") === "");
      if (unread.length === 0) return { is: "done" };
      const text = `${all.length - unread.length} of ${all.length} backups are read; missing: ${unread[0]!.metadata.name}`;
      return { is: "working", text };
    },
    {
      what: "Longhorn to read the backups of its store",
      kinds: [backups],
      failure: "SYSTEM_UNREACHABLE",
      stuckHint,
    },
    { within: limits.within, standstill: Math.min(limits.standstill, unreadMs) },
    context,
  ).catch((error: unknown) => {
    if (describeFailure(error).type !== "TIMED_OUT") throw error;
    context.progress("going on without backups that Longhorn cannot read");
  });
}

/** @throws SYSTEM_UNREACHABLE with what Longhorn says of the store */
async function untilAvailable(
  cluster: Cluster,
  target: string,
  limits: Limits,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  await untilDone(
    cluster,
    (watched) => {
      const object = watched.find("BackupTarget", target);
      if (object === undefined) return { is: "working", text: `there is no BackupTarget ${target} yet` };
      if (textIn(specOf(object), "backupTargetURL") === "")
        return { is: "failed", why: `backup target ${target} has no address`, hint: stuckHint };
      if (statusOf(object)["available"] === true) return { is: "done" };
      const why = (statusOf(object)["conditions"] as { type: string; message?: string }[] | undefined)?.find(
        ({ type }) => type === "Unavailable",
      )?.message;
      return { is: "working", text: `backup target ${target} is not available${why ? `: ${why}` : ""}` };
    },
    {
      what: `backup target ${target} to be available`,
      kinds: [backupTargets],
      failure: "SYSTEM_UNREACHABLE",
      late: "SYSTEM_UNREACHABLE",
      stuckHint,
    },
    limits,
    context,
  );
}

async function syncOne(
  cluster: Cluster,
  kind: Kind,
  object: KubernetesObject,
  limits: Limits,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  const { name } = object.metadata;
  const at = requestTime(object);
  await cluster.mergePatch(kind, name, longhornNamespace, { spec: { syncRequestedAt: at } });
  await untilDone(
    cluster,
    (watched) => {
      const now = watched.find(kind.kind, name);
      // What the store does not hold any more goes, and needs no sync.
      if (now === undefined) return { is: "done" };
      const synced = Date.parse(textIn(statusOf(now), "lastSyncedAt"));
      if (synced >= Date.parse(at)) return { is: "done" };
      return {
        is: "working",
        text: `${kind.kind} ${name} was read from the store ${Number.isNaN(synced) ? "never" : new Date(synced).toISOString()}`,
      };
    },
    {
      what: `Longhorn to read ${kind.kind} ${name} from its store`,
      kinds: [kind],
      failure: "SYSTEM_UNREACHABLE",
      late: "SYSTEM_UNREACHABLE",
      stuckHint,
    },
    limits,
    context,
  );
}

/** The object of a backup that is in the store: where Longhorn does not know it yet, it is told to look. @throws NO_BACKUP */
export async function findBackup(
  cluster: Cluster,
  { name, target, volume }: { name: string; target: string; volume?: string },
  limits: Limits,
  context: Pick<StepContext, "signal" | "progress">,
): Promise<KubernetesObject> {
  const known = await cluster.get(backups, name, longhornNamespace);
  if (known !== undefined && backupState(known).is === "done") return known;
  await syncBackups(cluster, { target, volume }, limits, context);
  const found = await cluster.get(backups, name, longhornNamespace);
  if (found === undefined)
    throw fail(
      "NO_BACKUP",
      `Longhorn does not find backup ${name} in its store`,
      "Is it another store, or was the backup deleted? Correct the BackupTarget; then retry.",
    );
  await untilDone(
    cluster,
    (watched) => backupState(watched.find("Backup", name)),
    { what: `Longhorn to read backup ${name}`, kinds: [backups], failure: "BACKUP_NOT_VERIFIED", stuckHint },
    limits,
    context,
  );
  return (await cluster.get(backups, name, longhornNamespace))!;
}
