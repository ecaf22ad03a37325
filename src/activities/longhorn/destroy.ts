import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { requireClear } from "../guard.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { persistentVolumes } from "../kubernetes/kinds.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Loss, Proof } from "../verbs.ts";
import { findTarget } from "./backup-target.ts";
import { findVolume } from "./find-volume.ts";
import { holdStill } from "./fence.ts";
import { inspectLonghorn } from "./inspect.ts";
import { claims, longhornNamespace, volumes } from "./kinds.ts";
import { intendedLoss, type KnownVolume, knownVolume, pinnedBackup } from "./known.ts";
import { readPinned, withStore } from "./pin.ts";
import { untilDone } from "./wait.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  inspection: Inspection;
  proof: Proof;
}

/**
 * Stops GitOps and the workload, and deletes claim, PersistentVolume and volume, each by its uid. Never a backup. Every guard is
 * asked again here, and the pinned backup is looked at once more in the store.
 */
export async function destroyLonghorn({ component, access, proof }: Input, context: StepContext): Promise<Loss> {
  const known = await knownVolume(context, component.name).recall();
  const intent = intendedLoss(context, component.name);
  return await withCluster(access, context, async (session) => {
    requireCluster(session, known.cluster);
    const before = await intent.find();
    if (before === undefined) await requireAsInspected(session, { component, access, proof }, known, context);
    const loss = before ?? { lostAt: new Date().toISOString(), note: "" };
    await intent.keep(loss);
    // What an attempt before has deleted may be there again by now, under another uid: that is not touched.
    const held = await holdStill(session, { name: component.name, access, known }, component, context);
    await removeAll(session.cluster, known, component, context);
    const stopped = [...held, ...(known.workload === null ? [] : [`${known.workload.kind} ${known.workload.name}`])];
    return {
      ...loss,
      note: `volume ${known.volume.metadata.name} is gone, with claim and PersistentVolume${stopped.length === 0 ? "" : `; stopped: ${stopped.join(", ")}`}`,
    };
  });
}

/** @throws TARGET_GONE, IDENTITY_CHANGED, REFUSED, BACKUP_NOT_VERIFIED */
async function requireAsInspected(
  session: Session,
  { component, access, proof }: Omit<Input, "inspection">,
  known: KnownVolume,
  context: StepContext,
): Promise<void> {
  const pinned = await pinnedBackup(context, component.name).recall();
  if (proof.backupId !== pinned.name)
    throw fail("BACKUP_NOT_VERIFIED", `no backup of ${component.name} was verified in this run`);
  const target = await findTarget(session.cluster, pinned.target);
  await withStore(target, component.store, context.signal, async (store) => await readPinned(store, pinned));
  requireSameVolume((await findVolume(session.cluster, component)).volume, known);
  const now = await inspectLonghorn({ component, access, toTime: null }, context);
  // The inspection has written down what it found: it must be of the volume that was backed up.
  requireSameVolume((await knownVolume(context, component.name).recall()).volume, known);
  // And what uses it, as before anything was taken away: the workload of several volumes is stopped with the first of them.
  await knownVolume(context, component.name).keep(known);
  await requireClear(now.facts, proof, context);
}

function requireSameVolume(volume: KubernetesObject | undefined, known: KnownVolume): void {
  const { name, uid } = known.volume.metadata;
  if (volume === undefined) throw fail("TARGET_GONE", `there is no volume ${name} any more`);
  if (volume.metadata.uid !== uid)
    throw fail(
      "IDENTITY_CHANGED",
      `the claim is on another volume than the one that was backed up: ${volume.metadata.name}`,
      "Abort, and find out who did that.",
    );
}

async function removeAll(
  cluster: Cluster,
  known: KnownVolume,
  component: LonghornComponent,
  context: StepContext,
): Promise<void> {
  const { claim, pv, volume } = known;
  await removeOne(cluster, claims, claim, component, context);
  await removeOne(cluster, persistentVolumes, pv, component, context);
  await removeOne(cluster, volumes, volume, component, context);
}

/** Deletes the very object that was inspected, and waits until it is gone. */
async function removeOne(
  cluster: Cluster,
  kind: Kind,
  object: KubernetesObject | null,
  component: LonghornComponent,
  context: StepContext,
): Promise<void> {
  if (object === null) return;
  const { name, namespace, uid } = object.metadata;
  context.progress(`deleting ${kind.kind} ${name}`);
  if ((await cluster.remove(kind, name, namespace, { uid: uid! })) === "gone") return;
  await untilDone(
    cluster,
    (watched) => {
      const now = watched.find(kind.kind, name);
      if (now?.metadata.uid !== uid) return { is: "done" };
      const held = now?.metadata.finalizers ?? [];
      return { is: "working", text: `${kind.kind} ${name} is held by ${held.join(", ") || "nobody"}` };
    },
    {
      what: `${kind.kind} ${name} to go`,
      kinds: [kind],
      namespace: namespace ?? longhornNamespace,
      failure: "TIMED_OUT",
      stuckHint: `Look what keeps it: kubectl describe ${kind.plural} ${name}; then retry.`,
    },
    component,
    context,
  );
}
