import { rest } from "../rest.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { holdLayers } from "./hold.ts";
import { layersOf } from "./layers.ts";
import { recallKnown } from "./memory.ts";
import { reachNew } from "./reach-new.ts";
import { untilServed } from "./served.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

const everyMs = 1_000;

/**
 * Does the work that makes a cluster, and meanwhile holds back what needs the data as soon as GitOps is there: it may have
 * applied all its layers before the infrastructure says that it is done. Whatever keeps it from that, the step tells that waits
 * for the cluster, and does it then.
 */
export async function holdingMeanwhile<T>(
  input: Input | undefined,
  context: StepContext,
  work: () => Promise<T>,
): Promise<T> {
  if (input?.gitops === undefined || input.gitops.waitForData.length === 0) return await work();
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const quiet = { ...context, signal, progress: () => undefined };
  const holding = untilHeld(input, input.gitops, quiet);
  try {
    return await work();
  } finally {
    over.abort();
    await holding;
  }
}

/** Ends also when the signal says so, and throws nothing. */
async function untilHeld(input: Input, gitops: NonNullable<Input["gitops"]>, context: StepContext): Promise<void> {
  while (!context.signal.aborted) {
    const isHeld = await hold(input, gitops, context).catch(() => false);
    if (isHeld) return;
    await rest(everyMs, context.signal);
  }
}

/** @returns whether the cluster is there */
async function hold({ access }: Input, gitops: NonNullable<Input["gitops"]>, context: StepContext): Promise<boolean> {
  const { cluster } = await reachNew(access, await recallKnown(context), context);
  await cluster?.close();
  if (cluster === undefined) return false;
  const layers = layersOf(gitops);
  await untilServed(layers, access, Infinity, context);
  const endless = { withinMs: Infinity, stallMs: Infinity };
  await withCluster(access, context, async (session) => await holdLayers(session, access, layers, endless, context));
  return true;
}
