import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import { besideOrchestrator } from "../longhorn/orchestrator.ts";
import type { Rebuilt } from "../namespace/verbs.ts";
import { withCluster } from "../kubernetes/session.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import { holdLayers, othersReady } from "./hold.ts";
import { nodeKind } from "./inspect.ts";
import { heldTooLate, layersOf } from "./layers.ts";
import { type Known, recallKnown } from "./memory.ts";
import { whileAsking } from "./outside.ts";
import { reachNew } from "./reach-new.ts";
import { wantedNodes } from "./rows.ts";
import { untilServed } from "./served.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

const everyMs = 1_000;

/** Waits for the cluster that the infrastructure has made: reached by a kubeconfig that is read again until it leads there. */
export async function rebuildCluster(input: Input, context: StepContext): Promise<Rebuilt> {
  return await whileAsking(input, context, async () => await untilRebuilt(input, context));
}

async function untilRebuilt(input: Input, context: StepContext): Promise<Rebuilt> {
  const from = new Date().toISOString();
  const known = await recallKnown(context);
  const deadline = performance.now() + input.component.within;
  const cluster = await newCluster(input, known, deadline, context);
  try {
    await nodesReady(cluster, input, known, deadline, context);
  } finally {
    await cluster.close();
  }
  const early = await upToTheData(input, deadline, context);
  const note = `another cluster answers at ${cluster.server}, with ${wantedNodes(known)} ready nodes${early}`;
  return { waits: [{ from, to: new Date().toISOString() }], note };
}

/** GitOps goes as far as to what restores volumes, and not to what uses them. @returns what is to be said of the latter */
async function upToTheData(
  { component, access, gitops }: Input,
  deadline: number,
  context: StepContext,
): Promise<string> {
  if (gitops === undefined || gitops.waitForData.length === 0) return "";
  const layers = layersOf(gitops);
  await untilServed(layers, access, deadline, context);
  const times = { withinMs: Math.max(1, deadline - performance.now()), stallMs: component.standstill };
  return await withCluster(access, context, async (session) => {
    await holdLayers(session, access, layers, times, context);
    // One of them may restore volumes.
    const limits = { within: times.withinMs, standstill: times.stallMs };
    await besideOrchestrator(session.cluster, limits, context, async (signal, said) => {
      await othersReady(session, layers, times, { ...context, signal }, said);
    });
    const { objects } = await session.cluster.list(layers.kind, { namespace: layers.namespace });
    return heldTooLate(layers, objects);
  });
}

async function newCluster({ access }: Input, known: Known, deadline: number, context: StepContext): Promise<Cluster> {
  for (;;) {
    const { cluster, why } = await reachNew(access, known, context);
    if (cluster !== undefined) return cluster;
    context.progress(`waiting for the new cluster: ${why}`);
    if (performance.now() > deadline)
      throw fail(
        "NOT_RECOVERED",
        `no new cluster answers: ${why}`,
        "Look whether the infrastructure has made it, and whether the plan's `access` gives its new kubeconfig; then retry.",
      );
    await rest(everyMs, context.signal);
    context.signal.throwIfAborted();
  }
}

async function nodesReady(
  cluster: Cluster,
  { component }: Input,
  known: Known,
  deadline: number,
  context: StepContext,
): Promise<void> {
  const watched = mirror(cluster, [nodeKind], undefined, context.signal);
  const wanted = wantedNodes(known);
  const count = () => watched.objects().filter((node) => readiness(node).status === "ready").length;
  try {
    await waitUntil(watched, () => (count() >= wanted ? true : undefined), {
      what: `${wanted} ready nodes`,
      withinMs: Math.max(1, deadline - performance.now()),
      stallMs: component.standstill,
      progressKey: () => `${count()} of ${wanted} nodes are ready`,
      onProgress: context.progress,
    });
  } finally {
    watched.stop();
  }
}
