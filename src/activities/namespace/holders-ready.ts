import { describeFailure } from "../../failures.ts";
import { describe } from "../flux/holds.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { servedKind } from "../kubernetes/paths.ts";
import { waitForObject } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import { holdersAmong, type Inventory } from "./memory.ts";
import type { Session } from "../kubernetes/session.ts";
import { listGitops } from "./survey.ts";

/**
 * Waits until what holds a namespace is at rest. Another namespace that it holds may be coming back just now, and until that is
 * ready no guard would let this one go. What does not come to rest in time is for the guards to tell.
 */
export async function untilHoldersReady(
  session: Session,
  known: Inventory,
  namespace: string,
  withinMs: number,
  context: StepContext,
): Promise<void> {
  const outside = holdersAmong(await listGitops(session), known).filter(
    ({ metadata, spec }) => metadata.namespace !== namespace && spec?.["suspend"] !== true,
  );
  await Promise.all(
    outside.map(async (one) => {
      const kind = servedKind(session.resources, one);
      if (kind === undefined || isAtRest(one)) return;
      context.progress(`waiting for ${describe(one)}, which is at work`);
      const waiting = { signal: context.signal, withinMs, what: `${describe(one)} to be at rest` };
      try {
        await waitForObject(session.cluster, kind, one.metadata, isAtRest, waiting);
      } catch (error) {
        context.signal.throwIfAborted();
        if (describeFailure(error).type !== "TIMED_OUT") throw error;
      }
    }),
  );
}

function isAtRest(object: KubernetesObject): boolean {
  if (object.kind !== "Application") return conditionOf(object, "Ready")?.status === "True";
  return (object.status?.["operationState"] as { phase?: string } | undefined)?.phase !== "Running";
}
