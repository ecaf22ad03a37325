import { refreshArgo } from "../argocd/refresh.ts";
import { refreshFlux } from "../flux/refresh.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Proof } from "../verbs.ts";
import { layersOf, statesOf } from "./layers.ts";
import type { ClusterInput } from "./verbs.ts";

/** Lets GitOps fetch from Git right before all that it has made is destroyed. @throws BACKUP_NOT_VERIFIED */
export async function proveCluster(
  { access, gitops }: Omit<ClusterInput, "run">,
  context: StepContext,
): Promise<Proof> {
  const made = { backupId: "infrastructure", verifiedAt: new Date().toISOString() };
  if (gitops === undefined) return { ...made, note: "the plan names no GitOps: the infrastructure's own code is all" };
  return await withCluster(access, context, async (session) => {
    const layers = layersOf(gitops);
    const { objects } = await session.cluster.list(layers.kind, { namespace: layers.namespace });
    const holders = statesOf(layers, objects).flatMap(({ object }) => object ?? []);
    if (gitops.kind === "flux") await refreshFlux(session, holders, context);
    else await refreshArgo(session, holders, context);
    const verifiedAt = new Date().toISOString();
    return { backupId: "git", verifiedAt, note: `Git was read for ${holders.length} layers just now` };
  });
}
