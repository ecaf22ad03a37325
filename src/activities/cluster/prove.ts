import { fail } from "../../failures.ts";
import { argoRevision } from "../argocd/holds.ts";
import { refreshArgo } from "../argocd/refresh.ts";
import { appliedRevision } from "../flux/holds.ts";
import { refreshFlux } from "../flux/refresh.ts";
import { withCluster } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import type { Proof } from "../verbs.ts";
import { untilReady } from "./hold.ts";
import { type LayerState, layersOf, statesOf } from "./layers.ts";
import type { ClusterInput } from "./verbs.ts";

/**
 * Lets GitOps fetch from Git right before all that it has made is destroyed. An audit changes nothing: it goes by what GitOps has
 * found out last.
 * @throws BACKUP_NOT_VERIFIED; TIMED_OUT where Argo CD does not become ready with what it has fetched
 */
export async function proveCluster(
  { component, access, gitops }: Omit<ClusterInput, "run">,
  context: StepContext,
): Promise<Proof> {
  const isAudit = context.run.type === "audit";
  if (gitops === undefined)
    return proofOf(
      "infrastructure",
      "the plan names no GitOps: the infrastructure's own code is all",
      isAudit && "its code",
    );
  return await withCluster(access, context, async (session) => {
    const layers = layersOf(gitops);
    const { objects } = await session.cluster.list(layers.kind, { namespace: layers.namespace });
    const states = statesOf(layers, objects);
    const holders = states.flatMap(({ object }) => object ?? []);
    const isFlux = gitops.kind === "flux";
    if (isAudit) {
      requireReady(states);
      const revisionOf = isFlux ? appliedRevision : argoRevision;
      const revisions = [...new Set(holders.map((holder) => revisionOf(holder)))].join(", ").slice(0, 500);
      return proofOf(revisions, `${holders.length} layers are ready, of ${revisions}`, "Git");
    }
    await (isFlux ? refreshFlux : refreshArgo)(session, holders, context);
    // Argo CD compares, and applies what is new only then; Flux says whether it is ready with it.
    const times = { withinMs: component.within, stallMs: component.standstill };
    if (!isFlux) await untilReady(session, layers, { ...times, what: "what is in Git now to be ready" }, context);
    return proofOf("git", `Git was read for ${holders.length} layers just now`, false);
  });
}

/** @param location of what it comes back from, for an audit */
function proofOf(backupId: string, note: string, location: string | false): Proof {
  const verifiedAt = new Date().toISOString();
  const backup = { id: backupId, completedAt: verifiedAt, bytes: 0, location: location || "", sha256: null };
  return {
    backupId,
    verifiedAt,
    note,
    ...(location !== false && { newest: { backup, takenAt: verifiedAt, whole: true } }),
  };
}

/** @throws BACKUP_NOT_VERIFIED */
function requireReady(states: LayerState[]): void {
  const unready = states.find(({ ready }) => !ready);
  if (unready === undefined) return;
  const hint = "Let GitOps make it ready: what it cannot bring up now would not come back.";
  throw fail("BACKUP_NOT_VERIFIED", `layer ${unready.name} is not ready: ${unready.found}`, hint);
}
