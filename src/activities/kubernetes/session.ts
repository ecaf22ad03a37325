import { fail } from "../../failures.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { kubeconfigText } from "./access.ts";
import { openCluster } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { discover } from "./discovery.ts";
import type { Resource } from "./object.ts";
import type { Patience } from "./request.ts";
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

/** An API server that is away for minutes, as after an upgrade of a node, ends no step; an audit waits for nobody that long. */
const patienceMs = { of: 5 * 60_000, ofAudit: 60_000 };

/** The access is read again for each step: a kubeconfig may have been renewed, and a token may have run out. */
export async function withCluster<T>(
  access: ClusterAccess,
  context: Pick<StepContext, "signal"> & Partial<Pick<StepContext, "progress" | "run" | "ear">>,
  use: (session: Session) => Promise<T>,
  patience: Patience = {},
): Promise<T> {
  const { signal, run } = context;
  const { withinMs = run?.type === "audit" ? patienceMs.ofAudit : patienceMs.of } = patience;
  const until = new Date(Date.now() + withinMs).toISOString().slice(11, 19);
  let reached = false;
  const waiting = (why: string) => {
    if (!reached) context.progress?.(`${why}; asked again until ${until} UTC`);
  };
  const cluster = openCluster(await kubeconfigText(access, signal), access.context, {
    ...patience,
    withinMs,
    signal,
    waiting,
    ear: context.ear?.(),
  });
  try {
    const [identity, { resources, stale }] = await Promise.all([cluster.identity(), discover(cluster)]);
    reached = true;
    return await use({ cluster, identity, resources: resources.filter(({ verbs }) => verbs.includes("list")), stale });
  } finally {
    await cluster.close();
  }
}

/** @throws IDENTITY_CHANGED when the kubeconfig leads to another cluster than the one of that identity */
export function requireCluster({ identity }: Pick<Session, "identity">, known: string): void {
  if (identity !== known)
    throw fail(
      "IDENTITY_CHANGED",
      `the kubeconfig leads to another cluster now: ${identity} instead of ${known}`,
      "Correct the kubeconfig, or its context, then retry.",
    );
}
