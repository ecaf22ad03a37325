import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../namespace/session.ts";
import type { StepContext } from "../step.ts";
import { conditionOf, describe } from "./holds.ts";
import { layersOf } from "./layers.ts";
import { requestReconcile } from "./refresh.ts";

/**
 * Asks Flux to make again what it holds, layer by layer, as their dependsOn has it: a layer that is asked for before the one
 * below is ready would wait for Flux's next turn. Goes on to the next one when every object of a layer is ready.
 * @param token the same for all attempts: what was handled is not asked for again
 */
export async function rebuildByFlux(
  session: Session,
  holders: KubernetesObject[],
  gitops: KubernetesObject[],
  { token, withinMs }: { token: string; withinMs: number },
  context: StepContext,
): Promise<void> {
  for (const layer of layersOf(holders, gitops)) {
    const wanted = layer.filter((one) => holders.includes(one));
    const answers = await Promise.all(
      wanted.map(async (one) => await requestReconcile(session, one, token, context, withinMs)),
    );
    const failed = answers.find((one) => conditionOf(one, "Ready")?.status !== "True");
    // The layers above it would say no more than that they wait for it.
    if (failed !== undefined)
      return context.progress(`${describe(failed)}: ${conditionOf(failed, "Ready")?.message ?? ""}`);
  }
}
