import { fail } from "../../failures.ts";
import { requireCluster, type Session } from "../kubernetes/session.ts";
import type { RunRef } from "../verbs.ts";

/**
 * In the drill of a whole cluster what is lost comes back in another one; everywhere else it is the one that was inspected.
 * @param known uid of the cluster before the loss
 * @throws IDENTITY_CHANGED, TARGET_EXISTS while the old cluster answers
 */
export function requireClusterAfterLoss(session: Session, known: string, { scenario }: Pick<RunRef, "scenario">): void {
  if (scenario !== "cluster") return requireCluster(session, known);
  if (session.identity !== known) return;
  throw fail(
    "TARGET_EXISTS",
    "the kubeconfig leads to the old cluster, which was to be destroyed",
    "Let the plan's `access` give the new cluster's kubeconfig; then retry.",
  );
}
