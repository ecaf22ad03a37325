import { fail } from "../../failures.ts";
import type { StepContext } from "../step.ts";
import type { Expected, Remains } from "../verbs.ts";
import { requireSame } from "./same.ts";
import { findRecovery, recallInventory } from "./memory.ts";
import { withCluster } from "../kubernetes/session.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import type { NamespaceInput } from "./verbs.ts";

/** Whether the old namespace is as gone as the run that is resumed left it; a new one is what it was waiting for. */
export async function confirmNamespace(
  { component, access, lost }: Omit<NamespaceInput, "run"> & Expected,
  context: StepContext,
): Promise<Remains> {
  const { namespace } = component;
  const begun = await findRecovery(context, component.name);
  return await withCluster(access, context, async (session) => {
    const live = await session.cluster.get(namespaces, namespace);
    if (begun === undefined)
      return { target: live === undefined ? "gone" : "there", note: `${namespace} was not deleted by that run` };
    const known = await recallInventory(context, component.name);
    requireSame(session, undefined, known);
    const isOld = live?.metadata.uid === known.uid;
    // That run has had it deleted, and was closed before it was gone: the step goes on where it was.
    if (isOld && live.metadata.deletionTimestamp !== undefined)
      return { target: "gone", note: `${namespace} is still going` };
    if (isOld && lost)
      throw fail("TARGET_EXISTS", `namespace ${namespace} is there again under its old uid: a restored etcd?`);
    if (isOld) return { target: "there", note: `${namespace} is still there` };
    return {
      target: "gone",
      note: live === undefined ? `${namespace} is gone` : `the old ${namespace} is gone, a new one is there`,
    };
  });
}
