import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { noteLeftover } from "../leftovers.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Backup, Restored } from "../verbs.ts";
import { aimsOf, replaces } from "./aims.ts";
import { findTarget } from "./backup-target.ts";
import { holdStill } from "./fence.ts";
import { longhornNamespace, volumes } from "./kinds.ts";
import { followOrchestrator, hasLeftOut, orchestrates, orchestratorName } from "./orchestrator.ts";
import { requireClusterAfterLoss } from "./right-cluster.ts";
import { type KnownVolume, knownVolume, type Pinned, pinnedBackup } from "./known.ts";
import { bindClaim, requireFreeClaim, restoreVolume } from "./make.ts";
import { pin, readPinned, recordOf, withStore } from "./pin.ts";
import { aboutPassedOver, chooseBackup } from "./newest.ts";
import { noteSentinel } from "./plant.ts";
import { idOf, labelsOf } from "./reach.ts";
import { findBackup } from "./sync.ts";
import { aboutClass, type Names, type Wish, wishFromBackup, wishLike } from "./wish.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  backup: Backup | null;
  toTime: string | null;
}

/**
 * Makes the volume from exactly the pinned backup, under its well-known name, and gives it to its claim before GitOps can make an
 * empty one. Beside the live one it is made under a name of this run.
 */
export async function restoreLonghorn(input: Input, context: StepContext): Promise<Restored> {
  const { component, access } = input;
  const from = new Date().toISOString();
  return await withCluster(access, context, async (session) => {
    const known = (await knownVolume(context, component.name).find()) ?? null;
    if (known !== null) requireClusterAfterLoss(session, known.cluster, context.run);
    const pinned = await pinnedOr(session, input, context);
    const names = aimsOf(component, known, context.run, pinned.volume);
    const wish = await wishFor(session, component, known, pinned, names, context);
    if (replaces(context.run)) {
      // A run that was closed in between has let GitOps and the workload go on.
      if (known !== null && context.run.scenario !== "cluster")
        await holdStill(session, { name: component.name, access, known }, component, context);
      await requireFreeClaim(session.cluster, names, pinned.url);
      await noteRestored(session, input, wish, pinned, context);
      const { identity } = session;
      if (known !== null && context.run.type === "exercise" && identity !== known.cluster)
        await noteSentinel({ component, access, ...names }, known, identity, context);
    } else await noteScratch(session, access, component.name, wish, context);
    const by = context.run.scenario === "cluster" && (await orchestrated(session, component, names, context));
    await restoreVolume(session.cluster, wish, component, context);
    await makeNamespace(session, names);
    await bindClaim(session.cluster, wish, component, context);
    const waits = [{ from, to: new Date().toISOString() }];
    const how = by ? `restored by ${orchestratorName}` : "restored";
    const note = `volume ${names.volume} ${how} from ${pinned.name}, for claim ${names.namespace}/${names.claim}${aboutClass(wish)}${pinned.about ?? ""}`;
    return { place: `${names.namespace}/${names.claim}`, backup: recordOf(pinned), waits, note };
  });
}

/** The backup of this run; for a real loss the newest that Longhorn finds, pinned from then on. Looked at once more in the store. */
async function pinnedOr(
  { cluster }: Session,
  { component, backup, toTime }: Input,
  context: StepContext,
): Promise<Pinned> {
  const file = pinnedBackup(context, component.name);
  const before = backup === null ? await file.find() : await file.recall();
  if (before !== undefined) {
    if (backup !== null && backup.id !== before.name)
      throw fail("BACKUP_NOT_VERIFIED", `${before.name} is not the backup that this run verified`);
    const target = await findTarget(cluster, before.target);
    await withStore(target, component.store, context.signal, async (store) => await readPinned(store, before));
    return before;
  }
  const { chosen, passedOver } = await chooseBackup(cluster, component, toTime, context);
  const target = await findTarget(cluster);
  const pinned = await withStore(
    target,
    component.store,
    context.signal,
    async (store) => await pin(store, target, chosen.backup),
  );
  const about = aboutPassedOver(passedOver);
  const whole = about === "" ? pinned : { ...pinned, about };
  await file.keep(whole);
  return whole;
}

async function wishFor(
  { cluster }: Session,
  component: LonghornComponent,
  known: KnownVolume | null,
  { name, target, url, volume, volumeSize }: Pinned,
  names: Names,
  context: StepContext,
): Promise<Wish> {
  const backup = await findBackup(cluster, { name, target, volume }, component, context);
  const labels = replaces(context.run) ? {} : labelsOf(context);
  return known === null
    ? await wishFromBackup(cluster, backup, volume, names, labels)
    : wishLike(known, names, { url, size: String(volumeSize) }, labels);
}

/** In the bootstrap of the new cluster a Job may restore the volume. @returns whether it has @throws as followOrchestrator */
async function orchestrated(
  { cluster }: Session,
  component: LonghornComponent,
  { namespace, claim, volume }: Names,
  context: StepContext,
): Promise<boolean> {
  if (!(await orchestrates(cluster, `${namespace}/${claim}`))) return false;
  if (!(await followOrchestrator(cluster, component, context))) return false;
  if ((await cluster.get(volumes, volume, longhornNamespace)) === undefined) await hasLeftOut(cluster, volume);
  return true;
}

/** In a new cluster it comes with what uses the volume, which waits for the volume. Whoever makes it later finds it. */
async function makeNamespace({ cluster }: Session, { namespace }: Names): Promise<void> {
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
}

/** Until it is in its place it is what the run has brought back, and nobody else knows of it. */
async function noteRestored(
  { identity }: Session,
  { component, access }: Input,
  { volume }: Wish,
  pinned: Pinned,
  context: StepContext,
) {
  await noteLeftover(context.directory, restoredKey(component), {
    kind: "object",
    access,
    cluster: identity,
    object: idOf(volume, context),
    keep: `it is being restored in place of the lost volume: resume the run, or delete it if it is made from ${pinned.name}; one that is made from another backup is not this run's: keep it`,
  });
}

export const restoredKey = ({ name }: LonghornComponent) => `restored.${name}`;

/** All that is made beside the live volume goes again. */
async function noteScratch(
  { identity }: Session,
  access: ClusterAccess,
  name: string,
  { volume, pv, claim }: Wish,
  context: StepContext,
) {
  // The last that is noted is the first that is removed.
  for (const object of [volume, pv, claim]) {
    const key = `scratch.${name}.${object.kind}`;
    await noteLeftover(context.directory, key, {
      kind: "object",
      access,
      cluster: identity,
      object: idOf(object, context),
    });
  }
}
