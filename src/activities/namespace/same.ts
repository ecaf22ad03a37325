import { fail } from "../../failures.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { requireCluster, type Session } from "../kubernetes/session.ts";
import type { Inventory } from "./memory.ts";

/** Whether cluster and namespace are those that a run knows. */

/** @throws IDENTITY_CHANGED when the cluster, or the namespace in it, is not the one that was inspected */
export function requireSame(
  session: Session,
  namespace: KubernetesObject | undefined,
  known: Pick<Inventory, "cluster" | "uid">,
): void {
  requireCluster(session, known.cluster);
  if (namespace !== undefined && namespace.metadata.uid !== known.uid)
    throw fail(
      "IDENTITY_CHANGED",
      `namespace ${namespace.metadata.name} was made anew since it was inspected`,
      "Abort, and find out who did that.",
    );
}

/** @throws IDENTITY_CHANGED while the namespace is not one that was made since the run knows it as lost */
export async function requireRemade(
  session: Session,
  namespace: string,
  known: Pick<Inventory, "cluster" | "uid">,
): Promise<void> {
  requireSame(session, undefined, known);
  const live = await session.cluster.get(namespaces, namespace);
  if (live !== undefined && live.metadata.uid !== known.uid) return;
  throw fail(
    "IDENTITY_CHANGED",
    live === undefined
      ? `there is no namespace ${namespace}`
      : `namespace ${namespace} is the one that was inspected: it was not deleted`,
    "Abort, and find out who did that.",
  );
}
