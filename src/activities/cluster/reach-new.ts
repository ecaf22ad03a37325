import { createHash } from "node:crypto";
import { describeFailure, fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import type { StepContext } from "../step.ts";
import { type Known, recallKubeconfig } from "./memory.ts";

const patience = { withinMs: 0, requestMs: 5_000 };

interface Reached {
  cluster: Cluster | undefined;
  /** Why it does not answer; empty where it does. */
  why: string;
}

/**
 * Opens the cluster that has come in place of the old one, as far as it answers by now.
 * @returns why not, where it does not @throws TARGET_EXISTS where the old one answers
 */
export async function reachNew(access: ClusterAccess, known: Known, context: StepContext): Promise<Reached> {
  const { signal } = context;
  const before = sha256(await recallKubeconfig(context));
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

/** In whole seconds, as creation times are. */
export function startOf({ takenAt }: Pick<Known, "takenAt">): number {
  return Math.floor(Date.parse(takenAt) / 1_000) * 1_000;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
