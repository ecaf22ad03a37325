import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { describe } from "./holds.ts";
import { layersOf } from "./layers.ts";
import { requestReconcile, sourcesOf } from "./refresh.ts";

/**
 * Asks Flux to fetch from Git, and then to make again what it holds, layer by layer, as their dependsOn has it: a layer that is
 * asked for before the one below is ready would wait for Flux's next turn. Goes on to the next one when every object of a layer
 * is ready.
 * @param token the same for all attempts of one try, so that what was handled is not asked for again; another one for each try,
 *   as somebody may have mended Git before it
 */
export async function rebuildByFlux(
  session: Session,
  holders: KubernetesObject[],
  gitops: KubernetesObject[],
  { token, withinMs }: { token: string; withinMs: number },
  context: StepContext,
): Promise<void> {
  const ask = async (one: KubernetesObject) => await requestReconcile(session, one, token, context, withinMs);
  // A source that is suspended answers nothing, and one that cannot be fetched from still has what it had before.
  const sources = sourcesOf(holders, gitops).filter(({ spec }) => spec?.["suspend"] !== true);
  tellUnready(await Promise.all(sources.map(ask)), context);
  for (const layer of layersOf(holders, gitops)) {
    const wanted = layer.filter((one) => holders.includes(one));
    // The layers above one that failed would say no more than that they wait for it.
    if (tellUnready(await Promise.all(wanted.map(ask)), context)) return;
  }
}

/** @returns whether one of them is not ready */
function tellUnready(answers: KubernetesObject[], context: StepContext): boolean {
  const failed = answers.find((one) => conditionOf(one, "Ready")?.status !== "True");
  if (failed !== undefined) context.progress(`${describe(failed)}: ${conditionOf(failed, "Ready")?.message ?? ""}`);
  return failed !== undefined;
}
