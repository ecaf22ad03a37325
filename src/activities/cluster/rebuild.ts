import { createHash } from "node:crypto";
import { describeFailure, fail } from "../../failures.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { namespaces } from "../kubernetes/kinds.ts";
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
import { layersOf } from "./layers.ts";
import { type Known, recallKnown, recallKubeconfig } from "./memory.ts";
import { untilServed } from "./served.ts";
import type { ClusterInput } from "./verbs.ts";

type Input = Omit<ClusterInput, "run">;

const everyMs = 1_000;
const patience = { withinMs: 0, requestMs: 5_000 };

/** Waits for the cluster that the infrastructure has made: reached by a kubeconfig that is read again until it leads there. */
export async function rebuildCluster(input: Input, context: StepContext): Promise<Rebuilt> {
  const from = new Date().toISOString();
  const known = await recallKnown(context);
  const deadline = performance.now() + input.component.within;
  const cluster = await newCluster(input, known, deadline, context);
  try {
    await nodesReady(cluster, input, known, deadline, context);
  } finally {
    await cluster.close();
  }
  await upToTheData(input, deadline, context);
  const note = `another cluster answers at ${cluster.server}, with ${known.nodes.length} ready nodes`;
  return { waits: [{ from, to: new Date().toISOString() }], note };
}

/** GitOps goes as far as to what restores volumes, and not to what uses them. */
async function upToTheData(
  { component, access, gitops }: Input,
  deadline: number,
  context: StepContext,
): Promise<void> {
  if (gitops === undefined || gitops.waitForData.length === 0) return;
  const layers = layersOf(gitops);
  await untilServed(layers, access, deadline, context);
  const times = { withinMs: Math.max(1, deadline - performance.now()), stallMs: component.standstill };
  await withCluster(access, context, async (session) => {
    await holdLayers(session, access, layers, times, context);
    // One of them may restore volumes.
    const limits = { within: times.withinMs, standstill: times.stallMs };
    await besideOrchestrator(session.cluster, limits, context, async (signal) => {
      await othersReady(session, layers, times, { ...context, signal });
    });
  });
}

async function newCluster({ access }: Input, known: Known, deadline: number, context: StepContext): Promise<Cluster> {
  const before = sha256(await recallKubeconfig(context));
  for (;;) {
    const { cluster, why } = await tryToReach(access, known, before, context);
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

async function tryToReach(access: Input["access"], known: Known, before: string, { signal }: StepContext) {
  let isOld = false;
  let cluster: Cluster | undefined;
  try {
    const text = await kubeconfigText(access, signal);
    isOld = sha256(text) === before;
    cluster = openCluster(text, access.context, { ...patience, signal });
    const { uid, creationTimestamp = "" } = (await cluster.get(namespaces, "kube-system"))?.metadata ?? {};
    if (uid !== known.identity) {
      // Somebody's other one: what is restored must not get into it.
      if (Date.parse(creationTimestamp) >= startOf(known))
        return { cluster: cluster.with({ withinMs: 60_000 }), why: "" };
      await cluster.close();
      return { cluster: undefined, why: `${cluster.server} is a cluster of ${creationTimestamp}, older than this run` };
    }
    throw fail(
      "TARGET_EXISTS",
      `the old cluster answers again at ${cluster.server}`,
      "It was not destroyed, or was restored: look at the infrastructure before you go on.",
    );
  } catch (error) {
    await cluster?.close();
    signal.throwIfAborted();
    const { type, message } = describeFailure(error);
    if (type === "TARGET_EXISTS" || type === "UNEXPECTED") throw error;
    return { cluster: undefined, why: isOld ? `${message}; the kubeconfig is still that of the old cluster` : message };
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
  const wanted = known.nodes.length;
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

/** In whole seconds, as creation times are. */
function startOf({ takenAt }: Known): number {
  return Math.floor(Date.parse(takenAt) / 1_000) * 1_000;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
