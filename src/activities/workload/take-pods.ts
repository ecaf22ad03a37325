import { fail } from "../../failures.ts";
import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import type { Evicted } from "../kubernetes/cluster.ts";
import { pods as podKind } from "../kubernetes/kinds.ts";
import type { Session } from "../kubernetes/session.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import type { Lost } from "./memory.ts";

/** By their uids: the pods that come after them are not touched, whatever their names. */
export async function deleteAll(
  { cluster }: Pick<Session, "cluster">,
  { pods }: Pick<Lost, "pods">,
  how: "graceful" | "force",
): Promise<void> {
  await Promise.all(
    pods.map(async ({ namespace, name, uid }) => {
      const options = { uid, ...(how === "force" && { gracePeriodSeconds: 0 }) };
      return await cluster.remove(podKind, name, namespace, options);
    }),
  );
}

/** A budget is asked again after this; nothing tells when it would say yes. */
const againMs = 2_000;

/**
 * Evicts pods, as their disruption budgets allow it, and returns when the API server has agreed to all of them.
 * @throws TIMED_OUT that names the budget which holds what is left
 */
export async function evictAll(
  { cluster }: Pick<Session, "cluster">,
  { pods, others }: Pick<Lost, "pods" | "others">,
  { pods: how, standstill }: Pick<WorkloadComponent, "pods" | "standstill">,
  { signal, progress }: Pick<StepContext, "signal" | "progress">,
): Promise<void> {
  let left = [...pods, ...others].map((pod) => ({ pod, said: "gone" as Evicted }));
  for (let movedAt = performance.now(); ; await rest(againMs, signal)) {
    signal.throwIfAborted();
    const before = left.length;
    for (const one of left) {
      const { namespace, name, uid } = one.pod;
      // How pods of others end is not for this drill to say.
      const force = how === "force" && pods.includes(one.pod);
      one.said = await cluster.evict(name, namespace, { uid, ...(force && { gracePeriodSeconds: 0 }) });
    }
    left = left.filter(({ said }) => typeof said === "object");
    const [first] = left;
    if (first === undefined) return;
    if (left.length < before) movedAt = performance.now();
    const why = `pod ${first.pod.namespace}/${first.pod.name} is held: ${(first.said as { heldBy: string }).heldBy}`;
    progress(`${left.length} pods are still to be evicted; ${why}`);
    if (performance.now() - movedAt > standstill)
      throw fail(
        "TIMED_OUT",
        `the node cannot be drained: ${why}`,
        "Let its workload have a replica more, or loosen the budget; then retry. Abort lets the node take pods again.",
      );
  }
}
