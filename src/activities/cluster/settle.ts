import { describeFailure, fail } from "../../failures.ts";
import type { Diagnosis } from "../../report/record.ts";
import { diagnoseNamespace } from "../../diagnosis/index.ts";
import { resourcesOf } from "../argocd/holds.ts";
import { inventoryOf } from "../flux/inventory.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { takeSnapshot } from "../kubernetes/snapshot.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import type { Rebuilt } from "../namespace/verbs.ts";
import type { StepContext } from "../step.ts";
import { releaseLayers } from "./hold.ts";
import { untilServed } from "./served.ts";
import { whileAsking } from "./outside.ts";
import { type Layers, layersOf, type LayerState, rememberFailures, statesOf } from "./layers.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

/** Waits until GitOps has filled the new cluster, layer by layer. */
export async function settleCluster(input: Input, context: StepContext): Promise<Rebuilt> {
  return await whileAsking(input, context, async () => await untilSettled(input, context));
}

async function untilSettled({ component, access, gitops }: Input, context: StepContext): Promise<Rebuilt> {
  const from = new Date().toISOString();
  if (gitops === undefined) return { waits: [], note: "the plan names no layers of GitOps" };
  const layers = layersOf(gitops);
  const deadline = performance.now() + component.within;
  await untilServed(layers, access, deadline, context);
  await withCluster(access, context, async (session) => {
    await releaseLayers(session, layers, context);
    const withinMs = Math.max(1, deadline - performance.now());
    await allReady(session, layers, { withinMs, stallMs: component.standstill }, context);
  });
  return { waits: [{ from, to: new Date().toISOString() }], note: `${layers.names.length} layers are ready` };
}

async function allReady(
  session: Session,
  layers: Layers,
  times: { withinMs: number; stallMs: number },
  context: StepContext,
): Promise<void> {
  const watched = mirror(session.cluster, [layers.kind], layers.namespace, context.signal);
  const remembered = rememberFailures();
  const states = () => remembered(statesOf(layers, watched.objects()));
  const progress = () => {
    const all = states();
    const open = all.find(({ ready }) => !ready);
    const count = `${all.filter(({ ready }) => ready).length} of ${all.length} layers are ready`;
    return open === undefined ? count : `${count}; waiting for ${open.name}: ${open.found}`;
  };
  try {
    const look = () => (states().every(({ ready }) => ready) ? true : undefined);
    await waitUntil(watched, look, {
      ...times,
      what: "the layers of GitOps",
      progressKey: progress,
      onProgress: context.progress,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (describeFailure(error).type !== "TIMED_OUT") throw error;
    throw await notReady(session, states(), error);
  } finally {
    watched.stop();
  }
}

/** The first layer that is not ready holds up all after it; why, says what it holds. */
async function notReady(session: Session, states: LayerState[], error: unknown) {
  const open = states.find(({ ready }) => !ready);
  const [root] = open === undefined ? [] : await causesOf(session, open);
  const { message, hint } = describeFailure(error);
  if (open === undefined) return fail("NOT_RECOVERED", message, hint);
  const why = root === undefined ? open.found : `${root.cause} (${root.object})`;
  return fail("NOT_RECOVERED", `layer ${open.name} is not ready: ${why}`, root?.hint ?? hint);
}

async function causesOf({ cluster, resources }: Session, { object }: LayerState): Promise<Diagnosis[]> {
  const held = object === undefined ? [] : (inventoryOf(object) ?? resourcesOf(object));
  const names = [...new Set(held.flatMap(({ namespace }) => namespace ?? []))];
  const all = await Promise.all(
    names.map(async (namespace) => {
      const expected = held.filter((one) => one.namespace === namespace);
      return diagnoseNamespace(await takeSnapshot(cluster, resources, namespace, expected));
    }),
  );
  return all.flat().map(({ object: of, cause, hint }) => ({ object: of, cause, hint }));
}
