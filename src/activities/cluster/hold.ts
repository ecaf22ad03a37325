import type { ClusterAccess } from "../../plan/access-schema.ts";
import { holdPatches, isHeld, skipReconcile } from "../kubernetes/gitops-hold.ts";
import { mirror } from "../kubernetes/mirror.ts";
import type { Session } from "../kubernetes/session.ts";
import { waitForObject, waitUntil } from "../kubernetes/wait.ts";
import { noteLeftover } from "../leftovers.ts";
import { undoNoted } from "../longhorn/fence.ts";
import type { StepContext } from "../step.ts";
import { type Layers, rememberFailures, statesOf } from "./layers.ts";

/**
 * Layers that would give workloads empty volumes are held back in a new cluster, until the restored ones are there. An Application
 * begins to sync as soon as Argo CD sees it: one that is made with the annotation cannot be faster than the run.
 */

interface Times {
  withinMs: number;
  stallMs: number;
}

const keyOf = (layer: string) => `layer.${layer}`;

/**
 * As soon as each is there. Noted first: whoever resumes the run lets it go when the data is there. A run that is given up
 * before leaves it: what it would bring up would begin with empty volumes, and keep the restored ones from their claims.
 */
export async function holdLayers(
  session: Session,
  access: ClusterAccess,
  { kind, namespace, held }: Layers,
  { withinMs }: Times,
  context: StepContext,
): Promise<void> {
  const [on, off] = holdPatches(kind.kind);
  context.progress(`waiting for layer ${held.join(" and ")}, to hold back what waits for data`);
  // Each by itself: which of them comes first nobody knows.
  const hold = async (name: string) => {
    const waiting = { signal: context.signal, withinMs, what: `layer ${name} to be there` };
    const object = await waitForObject(session.cluster, kind, { name, namespace }, () => true, waiting);
    const isMadeHeld = isHeld(object);
    // Whoever has suspended one of Flux's lets it go as well.
    if (isMadeHeld && kind.kind !== "Application") return;
    const what = `layer ${name} is held back`;
    const where = { access, cluster: session.identity, resource: kind, namespace, name };
    const keep = `its volumes are not restored: resume the run, or let it go by yourself (${releasedBy(kind, namespace, name)})`;
    await noteLeftover(context.directory, keyOf(name), { kind: "stopped", ...where, patch: off, what, keep });
    if (!isMadeHeld) await session.cluster.mergePatch(kind, name, namespace, on);
  };
  await Promise.all(held.map(hold));
}

function releasedBy({ kind }: Layers["kind"], namespace: string, name: string): string {
  if (kind === "Kustomization") return `flux -n ${namespace} resume kustomization ${name}`;
  return `kubectl -n ${namespace} annotate application ${name} ${skipReconcile}-`;
}

/** Waits until all others are ready: what volumes are restored with is among them. @param said as of untilReady @throws TIMED_OUT */
export async function othersReady(
  session: Session,
  layers: Layers,
  times: Times,
  context: StepContext,
  said: () => string,
): Promise<void> {
  const names = layers.names.filter((name) => !layers.held.includes(name));
  const waiting = { ...times, what: "the layers of GitOps that come before the data", said };
  await untilReady(session, { ...layers, names }, waiting, context);
}

/** @param said what is told beside the layers, and counts as movement @throws TIMED_OUT */
export async function untilReady(
  session: Session,
  layers: Layers,
  { what, said, ...times }: Times & { what: string; said?: () => string },
  context: StepContext,
): Promise<void> {
  const watched = mirror(session.cluster, [layers.kind], layers.namespace, context.signal);
  const remembered = rememberFailures();
  const open = () => remembered(statesOf(layers, watched.objects())).filter(({ ready }) => !ready);
  try {
    await waitUntil(watched, () => (open().length === 0 ? true : undefined), {
      ...times,
      what,
      progressKey: () => {
        const [first] = open().map(({ name, found }) => `waiting for layer ${name}: ${found}`);
        return [first ?? "", said?.() ?? ""].filter((one) => one !== "").join("; ");
      },
      onProgress: context.progress,
    });
  } finally {
    watched.stop();
  }
}

export async function releaseLayers({ cluster }: Session, { held }: Layers, context: StepContext): Promise<void> {
  const keys = held.map(keyOf);
  await undoNoted(cluster, (key) => keys.includes(key), context);
}
