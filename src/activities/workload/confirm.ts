import { fail } from "../../failures.ts";
import { requireCluster, withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { findWorkload } from "./find.ts";
import { known, lost } from "./memory.ts";
import type { WorkloadInput } from "./verbs.ts";

/** Whether the old pods are as gone as the run that is resumed left them; new ones are what it was waiting for. */
export async function confirmWorkload(
  { component, access, lost: wasLost }: Omit<WorkloadInput, "run"> & Expected,
  context: StepContext,
): Promise<Remains> {
  const begun = await lost.find(context, component.name);
  return await withCluster(access, context, async (session) => {
    const { pods } = await findWorkload(session, component);
    if (begun === undefined)
      return { target: "there", note: `no pod of ${component.workload} was taken away by that run` };
    requireCluster(session, (await known.recall(context, component.name)).cluster);
    const old = pods.filter(({ metadata }) => begun.pods.some(({ uid }) => uid === metadata.uid));
    const stay = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (stay.length > 0 && wasLost)
      throw fail("TARGET_EXISTS", `pod ${stay[0]!.metadata.name} is there again under its old uid: a restored etcd?`);
    if (stay.length === begun.pods.length) return { target: "there", note: "its pods are still there" };
    const words = old.length > 0 ? `${old.length} old pods are left` : "its old pods are gone";
    return { target: "gone", note: `${words}, ${pods.length - old.length} new ones are there` };
  });
}
