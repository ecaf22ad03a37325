import { requireCluster, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Control } from "../verbs.ts";
import { checkNames, wantedTrees } from "./checks.ts";
import { findWorkload } from "./find.ts";
import { known, lost, sown } from "./memory.ts";
import type { WorkloadInput } from "./verbs.ts";

type Input = Omit<WorkloadInput, "run">;

/**
 * The negative control: what is checked later was reached through pods that are gone. The checks from outside were asked when they
 * were, where one pod was all there was; of several some may have answered all the while.
 */
export async function controlWorkload({ component, access }: Input, context: StepContext): Promise<Control> {
  const { name, data } = component;
  const before = await known.recall(context, name);
  const loss = await lost.recall(context, name);
  const wanted = data === undefined ? {} : wantedTrees(await sown.recall(context, name), loss, data.except);
  return await withCluster(access, context, async (session) => {
    requireCluster(session, before.cluster);
    const { pods } = await findWorkload(session, component);
    const old = pods.filter(({ metadata }) => loss.pods.some(({ uid }) => uid === metadata.uid));
    const found = old.length === 0 ? "gone with the old pods" : `pod ${old[0]!.metadata.name} was not taken away`;
    const inside = checkNames(before, wanted).map((one) => ({ name: one, passed: old.length > 0, found }));
    const checks = [...inside, ...(loss.outside ?? [])];
    const answered = checks.filter(({ passed }) => passed).length;
    const note =
      answered === 0 ? "the old pods are gone" : `${answered} of ${checks.length} checks pass although they are gone`;
    return { checks, lostAt: loss.lostAt, note };
  });
}
