import type { ClusterAccess } from "../../plan/access-schema.ts";
import { kubeconfigText } from "../kubernetes/access.ts";
import { openCluster } from "../kubernetes/client.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { discover } from "../kubernetes/discovery.ts";
import type { Resource } from "../kubernetes/object.ts";
import type { Patience } from "../kubernetes/request.ts";
import type { StepContext } from "../step.ts";

/** A cluster as one step sees it. */
export interface Session {
  cluster: Cluster;
  /** uid of namespace kube-system: who the cluster is. */
  identity: string;
  /** Every kind that it serves and lists. */
  resources: Resource[];
  /** API groups that did not answer: what they hold is not known. */
  stale: string[];
}

/** An API server that is away for minutes, as after an upgrade of a node, ends no step. */
const patienceMs = 5 * 60_000;

/** The access is read again for each step: a kubeconfig may have been renewed, and a token may have run out. */
export async function withCluster<T>(
  access: ClusterAccess,
  context: Pick<StepContext, "signal">,
  use: (session: Session) => Promise<T>,
  patience: Patience = { withinMs: patienceMs },
): Promise<T> {
  const { signal } = context;
  const cluster = openCluster(await kubeconfigText(access, signal), access.context, { ...patience, signal });
  try {
    const [identity, { resources, stale }] = await Promise.all([cluster.identity(), discover(cluster)]);
    return await use({ cluster, identity, resources: resources.filter(({ verbs }) => verbs.includes("list")), stale });
  } finally {
    await cluster.close();
  }
}
