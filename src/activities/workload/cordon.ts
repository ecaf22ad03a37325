import type { ClusterAccess } from "../../plan/access-schema.ts";
import { nodes } from "../kubernetes/kinds.ts";
import { requireCluster, type Session, withCluster } from "../kubernetes/session.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";

/** A node that takes no new pods is a fence: whoever puts it up notes first that it must be taken down again. */

/** One that somebody else has cordoned stays so. */
export async function cordon(
  { cluster, identity }: Session,
  access: ClusterAccess,
  node: string,
  { directory }: Pick<StepContext, "directory">,
): Promise<void> {
  const live = await cluster.get(nodes, node);
  // So it is, too, when an attempt before has done it: then that has noted it.
  if (live === undefined || live.spec?.["unschedulable"] === true) return;
  await noteLeftover(directory, `cordon.${node}`, { kind: "cordon", access, cluster: identity, node });
  await cluster.mergePatch(nodes, node, undefined, { spec: { unschedulable: true } });
}

const patience = { withinMs: 60_000 };

/** Lets a node take pods again; one that is gone needs nothing. */
export async function uncordon({
  access,
  cluster,
  node,
}: {
  access: ClusterAccess;
  cluster: string;
  node: string;
}): Promise<void> {
  const { signal } = new AbortController();
  const lift = async (session: Session) => {
    requireCluster(session, cluster);
    if ((await session.cluster.get(nodes, node)) === undefined) return;
    await session.cluster.mergePatch(nodes, node, undefined, { spec: { unschedulable: null } });
  };
  await withCluster(access, { signal }, lift, patience);
}
