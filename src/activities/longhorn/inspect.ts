import prettyBytes from "pretty-bytes";
import { fail } from "../../failures.ts";
import { type ComponentFacts, type StorageFacts, nothingAmiss } from "../../guard/facts.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { LonghornComponent } from "../../plan/longhorn-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Patience } from "../kubernetes/request.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { findTarget, type Target, targetProblems } from "./backup-target.ts";
import { type Found, findVolume } from "./find-volume.ts";
import { specOf, statusOf, textIn } from "./kinds.ts";
import { knownVolume, trimmed } from "./known.ts";
import { aboutPassedOver, chooseBackup } from "./newest.ts";
import { readerLike } from "./reader.ts";
import { findWorkload, notOf, usersOf, type Workload } from "./workload.ts";

interface Input {
  component: LonghornComponent;
  access: ClusterAccess;
  toTime: string | null;
}

/**
 * Looks at claim, volume, backup target, and who uses the volume. Changes nothing in the cluster.
 * @param patience with an API server that does not answer; minutes unless told
 */
export async function inspectLonghorn(
  { component, access, toTime }: Input,
  context: StepContext,
  patience?: Patience,
): Promise<Inspection> {
  const look = async (session: Session) => await inspectWithin(session, component, toTime, context);
  return await withCluster(access, context, look, patience);
}

async function inspectWithin(
  session: Session,
  component: LonghornComponent,
  toTime: string | null,
  context: StepContext,
): Promise<Inspection> {
  const { cluster } = session;
  const found = await findVolume(cluster, component);
  const { claim, pv, volume } = found;
  if (context.run.type === "restore") return await inspectLost(session, component, found, toTime, context);
  const target = await findTarget(cluster, volume && (textIn(specOf(volume), "backupTargetName") || undefined));
  const claimName = claim?.metadata.name ?? "";
  const namespace = claim?.metadata.namespace ?? "";
  const users = claim === undefined ? [] : await usersOf(cluster, namespace, claimName);
  const workload =
    component.workload === undefined || claim === undefined
      ? null
      : await findWorkload(cluster, namespace, component.workload);
  const storage: StorageFacts = {
    backupTarget: await targetProblems(session, target),
    reclaimPolicy: policyOf(pv),
    otherUsers: (await notOf(cluster, workload, users)).map(
      ({ metadata }) => `pod ${metadata.namespace}/${metadata.name}`,
    ),
  };
  // A drill goes by this; an audit leaves no trace.
  if (volume !== undefined && context.run.type !== "audit")
    await knownVolume(context, component.name).keep({
      cluster: session.identity,
      volume: trimmed(volume),
      pv: trimmed(pv) ?? null,
      claim: trimmed(claim) ?? null,
      workload,
      reader: readerLike(users[0], claimName, component.image),
    });
  return {
    target: targetOf(component),
    note: volume === undefined ? "there is no such volume" : noteOf(volume, pv, target, workload),
    facts: factsOf(component, session, found, storage, context),
  };
}

/** A restore brings back what is gone, and goes by the newest backup. @throws TARGET_EXISTS, NO_BACKUP */
async function inspectLost(
  session: Session,
  component: LonghornComponent,
  found: Found,
  toTime: string | null,
  context: StepContext,
): Promise<Inspection> {
  const there = found.volume ?? found.claim;
  if (there !== undefined)
    throw fail(
      "TARGET_EXISTS",
      `${targetOf(component)} is there: ${there.kind} ${there.metadata.name}`,
      "A volume that is there is never written over. Move it away, or delete it yourself if it is empty; then retry.",
    );
  const { chosen, passedOver } = await chooseBackup(session.cluster, component, toTime, context);
  const { backup } = chosen;
  return {
    target: targetOf(component),
    note: `it is gone; newest backup ${backup.metadata.name}, of ${textIn(statusOf(backup), "snapshotCreatedAt")}${aboutPassedOver(passedOver)}`,
    facts: factsOf(component, session, found, { backupTarget: [], reclaimPolicy: null, otherUsers: [] }, context),
  };
}

function policyOf(pv: KubernetesObject | undefined): StorageFacts["reclaimPolicy"] {
  const policy = pv && specOf(pv)["persistentVolumeReclaimPolicy"];
  return pv === undefined || policy === "Retain" ? null : { volume: pv.metadata.name, policy: String(policy) };
}

function noteOf(
  volume: KubernetesObject,
  pv: KubernetesObject | undefined,
  target: Target,
  workload: Workload | null,
): string {
  const [spec, status] = [specOf(volume), statusOf(volume)];
  const parts = [
    `volume ${volume.metadata.name}`,
    prettyBytes(Number(spec["size"]), { binary: true }),
    `${String(spec["numberOfReplicas"])} replicas`,
    textIn(spec, "accessMode") || "rwo",
    ...(spec["encrypted"] === true ? ["encrypted"] : []),
    textIn(status, "robustness") || "robustness unknown",
    ...(pv === undefined
      ? ["without a PersistentVolume"]
      : [`reclaim policy ${textIn(specOf(pv), "persistentVolumeReclaimPolicy")}`]),
    `backups to ${target.url || "nowhere"}`,
    ...(workload === null ? [] : [`used by ${workload.kind} ${workload.name}`]),
  ];
  return parts.join(", ");
}

/** What `mayDestroy` has to list, and the line for it. */
function listing(component: LonghornComponent, { claim, volume }: Found): { claim: string } | { volume: string } {
  if (component.claim !== undefined) return { claim: `${component.namespace}/${component.claim}` };
  if (claim !== undefined) return { claim: `${claim.metadata.namespace}/${claim.metadata.name}` };
  return { volume: volume?.metadata.name ?? component.volume ?? "" };
}

function factsOf(
  component: LonghornComponent,
  { identity }: Session,
  found: Found,
  storage: StorageFacts,
  { config }: Pick<StepContext, "config">,
): ComponentFacts {
  const listed = listing(component, found);
  const [[key, value]] = Object.entries(listed) as [[string, string]];
  return {
    name: component.name,
    kind: component.kind,
    target: targetOf(component),
    lock: `kubernetes/${identity}/${value}`,
    exists: found.volume !== undefined,
    identity,
    listed: config.mayDestroy.some(
      (one) => "cluster" in one && one.cluster === identity && (one as Record<string, string>)[key] === value,
    ),
    listLine: `- { cluster: "${identity}", ${key}: ${value} }`,
    ...nothingAmiss,
    storage,
  };
}
