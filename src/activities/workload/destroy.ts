import { fail } from "../../failures.ts";
import { requireClear } from "../guard.ts";
import { heldWords } from "../kubernetes/held.ts";
import { pods as podKind } from "../kubernetes/kinds.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import { whileProbing } from "../outside/probes.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Loss, Proof } from "../verbs.ts";
import type { Tree } from "./compare.ts";
import { cordon } from "./cordon.ts";
import { findWorkload } from "./find.ts";
import { inspectWorkload } from "./inspect.ts";
import { known, type Known, lost, type Lost, sown } from "./memory.ts";
import { deleteAll, evictAll } from "./take-pods.ts";
import { readTree } from "./tree.ts";
import type { WorkloadInput } from "./verbs.ts";
import { askWhileGone } from "./while-gone.ts";
import { placesOf } from "./volumes.ts";

type Input = Omit<WorkloadInput, "run"> & { inspection: Inspection; proof: Proof };

/** Takes the pods away and waits until they are gone. Every guard is asked again here, against the live cluster. */
export async function destroyWorkload(input: Input, context: StepContext): Promise<Loss> {
  const { component, access } = input;
  return await withCluster(access, context, async (session) => {
    return await whileProbing(component, context, async () => {
      const loss = await beginLoss(input, session, context);
      const before = await known.recall(context, component.name);
      if (loss.goneAt === null) await takeAway(input, session, before, loss, context);
      return { lostAt: loss.lostAt, note: noteOf(loss, before.node) };
    });
  });
}

/**
 * Looks at everything once more, and writes down which pods go before the first of them does: whatever happens then, those
 * and no others are taken away. @throws TARGET_GONE, IDENTITY_CHANGED, REFUSED
 */
async function beginLoss({ component, access, proof }: Input, session: Session, context: StepContext): Promise<Lost> {
  const { name, workload: which, namespace } = component;
  const inspected = await known.recall(context, name);
  requireCluster(session, inspected.cluster);
  const before = await lost.find(context, name);
  const { workload, pods } = await findWorkload(session, component);
  const going = pods.filter(({ metadata }) => before?.pods.some(({ uid }) => uid === metadata.uid) ?? false);
  const untouched = going.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
  // An attempt before has touched some of them: the rest follows.
  if (before !== undefined && untouched < before.pods.length) return before;
  if (workload === undefined) throw fail("TARGET_GONE", `there is no ${which} in ${namespace} any more`);
  if (workload.metadata.uid !== inspected.uid)
    throw fail("IDENTITY_CHANGED", `${which} was made anew since it was inspected`, "Find out who did that.");
  const now = await inspectWorkload({ component, access }, context);
  await requireClear(now.facts, proof, context);
  const { pods: taken, others } = await known.recall(context, name);
  const trees = await readTrees(session, component, context);
  const loss: Lost = {
    lostAt: new Date().toISOString(),
    goneAt: null,
    pods: taken,
    others,
    trees,
    outside: null,
    existsAt: null,
    readyAt: null,
  };
  await lost.keep(context, name, loss);
  return loss;
}

/** As the files are right before: what was written since they were planted cannot be told from what is lost. */
async function readTrees(
  session: Session,
  component: Input["component"],
  context: StepContext,
): Promise<Record<string, Tree>> {
  const { name, namespace, data, within, workload } = component;
  if (data === undefined) return {};
  const { trees } = await sown.recall(context, name);
  const { places } = placesOf((await findWorkload(session, component)).pods, data);
  const found: Record<string, Tree> = {};
  for (const claim of Object.keys(trees)) {
    const place = places.find((one) => one.claim === claim);
    if (place === undefined) throw fail("TARGET_GONE", `no pod of ${workload} has the claim ${claim} any more`);
    context.progress(`reading every file of ${data.directory} in ${claim}`);
    const from = { namespace, directory: data.directory, place, timeoutMs: within };
    found[claim] = await readTree(session, from, context.signal);
  }
  return found;
}

async function takeAway(
  { component, access }: Input,
  session: Session,
  before: Known,
  loss: Lost,
  context: StepContext,
): Promise<void> {
  const { node } = before;
  const over = new AbortController();
  const asked = { ...context, signal: AbortSignal.any([context.signal, over.signal]) };
  const asking = askWhileGone(component, session, before, loss, asked, () => loss.goneAt !== null);
  // Told below, or given up there.
  asking.catch(() => undefined);
  try {
    if (node === null) await deleteAll(session, loss, component.pods);
    else {
      await cordon(session, access, node, context);
      await evictAll(session, loss, component, context);
    }
    await untilGone(component, session, loss, context);
    loss.goneAt = new Date().toISOString();
    loss.outside = await asking;
    await lost.keep(context, component.name, loss);
  } finally {
    over.abort();
  }
}

/** @throws TIMED_OUT that names what keeps them from going */
async function untilGone(
  component: Input["component"],
  session: Session,
  { pods }: Lost,
  context: StepContext,
): Promise<void> {
  const { namespace, workload, within, standstill } = component;
  const uids = new Set(pods.map(({ uid }) => uid));
  const watched = mirror(session.cluster, [podKind], namespace, context.signal);
  const left = () => watched.objects().filter(({ metadata }) => uids.has(metadata.uid ?? ""));
  try {
    await waitUntil(watched, () => (left().length === 0 ? true : undefined), {
      withinMs: within,
      stallMs: standstill,
      progressKey: () => `${left().length} of ${uids.size} pods are left`,
      onProgress: context.progress,
      what: `the pods of ${workload} to go`,
    });
  } catch (error) {
    const held = heldWords(left());
    throw held === "" ? error : fail("TIMED_OUT", `the pods of ${workload} do not go: ${held}`);
  } finally {
    watched.stop();
  }
}

function noteOf({ lostAt, goneAt, pods, others }: Lost, node: Known["node"]): string {
  const seconds = ((Date.parse(goneAt ?? lostAt) - Date.parse(lostAt)) / 1_000).toFixed(1);
  const gone = `${pods.map(({ name }) => name).join(", ")} gone after ${seconds} s`;
  if (node === null) return gone;
  const also = others.map((pod) => `${pod.namespace}/${pod.name}`).join(", ");
  return `${gone}; ${node} is drained${also === "" ? "" : `, evicted as well: ${also}`}`;
}
