import type { ClusterAccess } from "../../plan/access-schema.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { byClaim } from "./find-volume.ts";
import { runLabel, specOf, textIn } from "./kinds.ts";
import { isUp, reachIn, runThere } from "./reader.ts";
import { usersOf } from "./workload.ts";

/** How what a run has made or stopped in a cluster is undone, also by another process that cleans up after it. */

export interface InCluster {
  access: ClusterAccess;
  /** uid of namespace kube-system: in another cluster there is nothing of ours. */
  cluster: string;
}

/** An object that bears the run's label. */
export interface OwnObject {
  apiVersion: string;
  kind: string;
  name: string;
  /** Empty where its kind has none. */
  namespace: string;
  /** Value of the label. */
  run: string;
}

export interface Undo extends InCluster {
  resource: Kind;
  namespace: string;
  name: string;
  /** Puts it back as it was. */
  patch: object;
  /** "Deployment shop/shop is scaled to 0" */
  what: string;
}

export interface FileInVolume extends InCluster {
  namespace: string;
  claim: string;
  /** uid of the volume in which it was planted: it goes with it, unless it is restored. */
  volume: string;
  directory: string;
  file: string;
}

/** One that is gone needs nothing. */
export async function undo(cluster: Cluster, { resource, namespace, name, patch }: Undo): Promise<void> {
  if ((await cluster.get(resource, name, namespace)) === undefined) return;
  await cluster.mergePatch(resource, name, namespace, patch);
}

export async function undoThere(leftover: Undo): Promise<void> {
  await inSame(leftover, async (cluster) => await undo(cluster, leftover));
}

export async function removeOwn({ object, ...where }: { object: OwnObject } & InCluster): Promise<void> {
  await inSame(where, async (cluster) => await removeObject(cluster, object));
}

/** Only what bears the run's label: somebody else may have made one of that name. */
async function removeObject(cluster: Cluster, { apiVersion, kind, name, namespace, run }: OwnObject): Promise<void> {
  const resource = await cluster.resourceOf(apiVersion, kind);
  const there = await cluster.get(resource, name, namespace === "" ? undefined : namespace);
  if (there?.metadata.labels?.[runLabel] !== run) return;
  await cluster.remove(resource, name, namespace === "" ? undefined : namespace, { uid: there.metadata.uid! });
}

/** Where no pod has the volume mounted nobody can reach it. @throws Error then */
export async function removeFile({ namespace, claim, volume, directory, file, ...where }: FileInVolume): Promise<void> {
  await inSame(where, async (cluster, signal) => {
    const { volume: live } = await byClaim(cluster, namespace, claim);
    const isRestored = live !== undefined && textIn(specOf(live), "fromBackup") !== "";
    if (live?.metadata.uid !== volume && !isRestored) return;
    const users = (await usersOf(cluster, namespace, claim)).filter(isUp);
    const reaches = users.map((pod) => reachIn(pod, claim, directory)).filter((reach) => reach?.readOnly === false);
    if (reaches[0] === undefined) throw new Error("no running pod has the volume mounted for writing");
    await runThere(cluster, reaches[0], 'cd "$1" && rm -f "$2" "$2.part"', [reaches[0].path, file], signal);
  });
}

const patienceMs = 60_000;

async function inSame(
  { access, cluster: identity }: InCluster,
  use: (cluster: Cluster, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(5 * patienceMs);
  const cluster = openCluster(await kubeconfigText(access, signal), access.context, { signal, withinMs: patienceMs });
  try {
    if ((await cluster.identity()) === identity) await use(cluster, signal);
  } finally {
    await cluster.close();
  }
}
