import { setTimeout as sleep } from "node:timers/promises";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { pauseAfter, usualAgain } from "../namespace/asking-again.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { describe } from "./holds.ts";
import { layersOf } from "./layers.ts";
import { requestReconcile, sourcesOf } from "./refresh.ts";

/**
 * Asks Flux to fetch from Git, and then to make again what it holds, layer by layer, as their dependsOn has it: a layer that is
 * asked for before the one below is ready would wait for Flux's next turn. Goes on to the next one when every object of a layer
 * is ready. What fails is asked for again: as long as another namespace that it holds is still going, nothing of it can be made,
 * and Flux itself tries again only after its interval.
 * @param token the same for all attempts of one try, so that what was handled is not asked for again; another one for each try,
 *   as somebody may have mended Git before it
 */
export async function rebuildByFlux(
  session: Session,
  holders: KubernetesObject[],
  gitops: KubernetesObject[],
  { token, withinMs }: { token: string; withinMs: number },
  context: StepContext,
  again = usualAgain,
): Promise<void> {
  const isReady = async (one: KubernetesObject, asked: string) =>
    !isUnready(await requestReconcile(session, one, asked, context, withinMs), context);
  // A source that is suspended answers nothing, and one that cannot be fetched from still has what it had before.
  const sources = sourcesOf(holders, gitops).filter(({ spec }) => spec?.["suspend"] !== true);
  await Promise.all(sources.map(async (one) => await isReady(one, token)));
  const untilReady = async (one: KubernetesObject): Promise<boolean> => {
    for (let failures = 0; ;) {
      if (await isReady(one, failures === 0 ? token : `${token}.${failures}`)) return true;
      failures += 1;
      if (failures > again.most) return false;
      await sleep(pauseAfter(failures, again), undefined, { signal: context.signal });
    }
  };
  for (const layer of layersOf(holders, gitops)) {
    const wanted = layer.filter((one) => holders.includes(one));
    // The layers above one that failed would say no more than that they wait for it.
    if ((await Promise.all(wanted.map(untilReady))).includes(false)) return;
  }
}

/** Tells why. */
function isUnready(answer: KubernetesObject, context: StepContext): boolean {
  const ready = conditionOf(answer, "Ready");
  if (ready?.status === "True") return false;
  context.progress(`${describe(answer)}: ${ready?.message ?? ""}`);
  return true;
}
