import type { ClusterAccess } from "../../plan/access-schema.ts";
import { argoHolders } from "../argocd/holds.ts";
import { fluxHolders, type Holder } from "../flux/holds.ts";
import { forgetLeftover, listLeftovers, noteLeftover } from "../leftovers.ts";
import { holdPatches, isHeld } from "../kubernetes/gitops-hold.ts";
import { servedKind } from "../kubernetes/paths.ts";
import type { Session } from "../kubernetes/session.ts";
import { listGitops } from "../namespace/survey.ts";
import type { StepContext } from "../step.ts";
import type { KnownVolume } from "./known.ts";
import { undo, type Undo } from "./undo.ts";
import { claims } from "./kinds.ts";
import { kindOfWorkload, scale, untilUnused } from "./workload.ts";
import type { Limits } from "./wait.ts";

/** What is stopped while a volume is lost: GitOps, which would make an empty one, and the workload that uses it. */

interface Fenced {
  name: string;
  access: ClusterAccess;
  known: KnownVolume;
}

/** Stops both. Each is noted first, so that it is undone on every way out. */
export async function holdStill(
  session: Session,
  { name, access, known }: Fenced,
  limits: Limits,
  context: StepContext,
): Promise<string[]> {
  const { workload, claim } = known;
  const { cluster } = session;
  if (claim === null) return [];
  const gitops = await holdersOf(session, known);
  const held: string[] = [];
  for (const [index, holder] of gitops.entries()) {
    const { object } = holder;
    const kind = servedKind(session.resources, object);
    // By somebody before us: it stays so.
    if (kind === undefined || isHeld(object)) continue;
    const { name: of, namespace = "" } = object.metadata;
    const [on, off] = holdPatches(object.kind);
    await note(context, `fence.${name}.${index}`, {
      access,
      cluster: known.cluster,
      resource: kind,
      namespace,
      name: of,
      patch: off,
      what: `${holder.name} is suspended`,
    });
    await cluster.mergePatch(kind, of, namespace, on);
    held.push(holder.name);
  }
  if (workload !== null) {
    const { namespace, replicas } = workload;
    const kind = kindOfWorkload(workload);
    const what = `${workload.kind} ${namespace}/${workload.name} is scaled to 0`;
    await note(context, `scaled.${name}`, {
      access,
      cluster: known.cluster,
      resource: kind,
      namespace,
      name: workload.name,
      patch: { spec: { replicas } },
      what,
    });
    await scale(cluster, workload, 0);
  }
  await untilUnused(cluster, { namespace: claim.metadata.namespace!, claim: claim.metadata.name }, limits, context);
  return held;
}

async function note({ directory }: StepContext, key: string, about: Undo): Promise<void> {
  await noteLeftover(directory, key, { kind: "stopped", ...about });
}

/** Those of Flux and Argo CD that make the claim, or the workload. */
async function holdersOf(session: Session, { claim, workload }: KnownVolume): Promise<Holder[]> {
  const namespace = claim!.metadata.namespace!;
  const live = await Promise.all([
    session.cluster.get(claims, claim!.metadata.name, namespace),
    workload && session.cluster.get(kindOfWorkload(workload), workload.name, namespace),
  ]);
  const own = [claim!, ...live].filter((one) => one !== null && one !== undefined);
  const gitops = await listGitops(session);
  const names = new Set([
    `PersistentVolumeClaim/${claim!.metadata.name}`,
    ...(workload === null ? [] : [`${workload.kind}/${workload.name}`]),
  ]);
  return [...fluxHolders(namespace, own, gitops), ...argoHolders(namespace, gitops)].filter(({ holds }) =>
    holds.some((one) => names.has(one)),
  );
}

/** Lets the workload go on, or GitOps: undoes what was noted. */
export async function letGo(
  session: Session,
  what: "workload" | "gitops",
  name: string,
  context: StepContext,
): Promise<void> {
  const isMeant = (key: string) => (what === "workload" ? key === `scaled.${name}` : key.startsWith(`fence.${name}.`));
  await undoNoted(session.cluster, isMeant, context);
}

/** Undoes what was stopped and noted under some keys. */
export async function undoNoted(
  cluster: Session["cluster"],
  isMeant: (key: string) => boolean,
  context: Pick<StepContext, "directory">,
): Promise<void> {
  for (const { key, leftover } of await listLeftovers(context.directory)) {
    if (leftover.kind !== "stopped" || !isMeant(key)) continue;
    await undo(cluster, leftover);
    await forgetLeftover(context.directory, key);
  }
}
