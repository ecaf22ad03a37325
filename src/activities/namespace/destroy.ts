import { fail } from "../../failures.ts";
import { requireClear } from "../guard.ts";
import { lastLook } from "../namespace-data/before-loss.ts";
import { rest } from "../rest.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import type { Inspection, Loss, Proof } from "../verbs.ts";
import { stripNamed } from "./going.ts";
import { untilHoldersReady } from "./holders-ready.ts";
import { inspectNamespace } from "./inspect.ts";
import { keepVolumes } from "./keep-volumes.ts";
import { askWhileGone } from "./while-gone.ts";
import { findRecovery, type Inventory, keepRecovery, recallInventory, type Recovery } from "./memory.ts";
import { whileProbing } from "../outside/probes.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { namespaces, pods } from "../kubernetes/kinds.ts";
import { requireSame } from "./same.ts";
import { whyItStays } from "./stuck.ts";
import { watchedKinds } from "./survey.ts";
import type { DataProof, NamespaceInput } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run"> & { inspection: Inspection; proof: Proof; data?: DataProof[] };

/** Deletes the namespace and waits until it is gone. Every guard is asked again here, against the live cluster. */
export async function destroyNamespace(input: Input, context: StepContext): Promise<Loss> {
  const { component, access } = input;
  return await withCluster(access, context, async (session) => {
    const inspected = await recallInventory(context, component.name);
    return await whileProbing(component, context, async () => {
      const recovery = await beginLoss(input, session, inspected, context);
      // The guards have looked at everything once more: what was made since the preflight is lost as well.
      const known = await recallInventory(context, component.name);
      if (recovery.goneAt === null) {
        await untilGone(input, session, known, recovery, context);
        recovery.goneAt = new Date().toISOString();
        recovery.whileGone = await askWhileGone(session, component.namespace, known, recovery, context.run.nonce);
        await keepRecovery(context, component.name, recovery);
      }
      const kept = await keepVolumes(session, known);
      return { lostAt: recovery.lostAt, note: noteOf(recovery, kept) };
    });
  });
}

/** Has the namespace deleted, unless an attempt before has done that. @throws TARGET_GONE, IDENTITY_CHANGED, REFUSED */
async function beginLoss(
  { component, access, proof, data = [] }: Input,
  session: Session,
  known: Inventory,
  context: StepContext,
): Promise<Recovery> {
  const { name, namespace } = component;
  const before = await findRecovery(context, name);
  const live = await session.cluster.get(namespaces, namespace);
  // What an attempt before has deleted may be there again by now.
  const isOld = live?.metadata.uid === known.uid;
  requireSame(session, before === undefined || isOld ? live : undefined, known);
  if (before !== undefined && (!isOld || live.metadata.deletionTimestamp !== undefined)) return before;
  if (live === undefined) throw fail("TARGET_GONE", `there is no namespace ${namespace} any more`);
  if (live.metadata.deletionTimestamp !== undefined)
    throw fail("TARGET_GONE", `somebody else is deleting namespace ${namespace} already`);
  await untilHoldersReady(session, known, namespace, component.within, context);
  const now = await inspectNamespace({ component, access }, context);
  await requireClear(now.facts, proof, context);
  for (const one of data)
    await lastLook(session, { component: one.component, holder: component, access }, one.proof, context);
  const recovery: Recovery = {
    lostAt: new Date().toISOString(),
    goneAt: null,
    whileGone: null,
    stripped: [],
    times: {},
  };
  await keepRecovery(context, name, recovery);
  await session.cluster.remove(namespaces, namespace, undefined, { uid: known.uid });
  return recovery;
}

/** @throws TIMED_OUT that names what keeps it from going */
async function untilGone(
  { component }: Input,
  session: Session,
  known: Inventory,
  recovery: Recovery,
  context: StepContext,
): Promise<void> {
  const { name, namespace, strip, within, standstill } = component;
  if (component.pods === "force") await endPods(session, namespace, known);
  const kinds = watchedKinds(session, new Set(["Pod", ...known.entries.map(({ kind }) => kind)]));
  const watched = mirror(session.cluster, [...kinds, namespaces], namespace, context.signal);
  const left = () => watched.objects().filter(({ kind }) => kind !== "Namespace");
  const going = waitUntil(
    watched,
    () => (watched.find("Namespace", namespace)?.metadata.uid === known.uid ? undefined : true),
    {
      withinMs: within,
      stallMs: standstill,
      progressKey: () => `${left().length} of ${known.entries.length} objects are left`,
      onProgress: context.progress,
      what: `namespace ${namespace} to go`,
    },
  ).catch(async (error: unknown) => {
    throw await whyItStays(session, namespace, left(), error, context);
  });
  const over = new AbortController();
  const stripping = stripWhile(AbortSignal.any([context.signal, over.signal]), async () => {
    const done = await stripNamed(session, watched, namespace, strip);
    recovery.stripped.push(...done);
    if (done.length > 0) await keepRecovery(context, name, recovery);
  });
  try {
    await Promise.race([going, stripping.then(() => going)]);
  } finally {
    over.abort();
    watched.stop();
    await Promise.allSettled([going, stripping]);
  }
}

/** Nobody makes new ones in a namespace that goes; those of one that was made anew meanwhile are not touched. */
async function endPods({ cluster }: Session, namespace: string, { uid }: Inventory): Promise<void> {
  const { objects } = await cluster.list(pods, { namespace });
  if ((await cluster.get(namespaces, namespace))?.metadata.uid !== uid) return;
  await Promise.all(
    objects.map(
      async ({ metadata }) =>
        await cluster.remove(pods, metadata.name, namespace, { gracePeriodSeconds: 0, uid: metadata.uid! }),
    ),
  );
}

/** Controllers get this long to remove their finalizers themselves. */
const patienceMs = 5_000;

async function stripWhile(signal: AbortSignal, strip: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await rest(patienceMs, signal);
    if (!signal.aborted) await strip();
  }
}

function noteOf({ lostAt, goneAt, stripped }: Recovery, kept: string[]): string {
  const seconds = ((Date.parse(goneAt ?? lostAt) - Date.parse(lostAt)) / 1_000).toFixed(1);
  return [
    `gone after ${seconds} s`,
    ...(stripped.length > 0 ? [`finalizers removed, as the plan says: ${stripped.join("; ")}`] : []),
    ...(kept.length > 0 ? [`volumes kept for the new claims: ${kept.join(", ")}`] : []),
  ].join("; ");
}
