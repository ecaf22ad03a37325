import { fail } from "../../failures.ts";
import { statusOf } from "../kubernetes/refusal.ts";
import { withCluster } from "../kubernetes/session.ts";
import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import type { Layers } from "./layers.ts";
import type { ClusterInput } from "./verbs.ts";

const everyMs = 1_000;

/** A new cluster does not know the kinds of GitOps until that is installed. @param deadline of performance.now() @throws NOT_RECOVERED */
export async function untilServed(
  layers: Layers,
  access: ClusterInput["access"],
  deadline: number,
  context: StepContext,
): Promise<void> {
  for (;;) {
    const served = await withCluster(access, context, async ({ cluster }) => {
      const list = cluster.list(layers.kind, { namespace: layers.namespace });
      return await list.then(
        () => true,
        (error: unknown) => {
          if (statusOf(error) === 404) return false;
          throw error;
        },
      );
    });
    if (served) return;
    context.progress(`waiting for GitOps: the cluster does not know ${layers.kind.kind} yet`);
    if (performance.now() > deadline)
      throw fail(
        "NOT_RECOVERED",
        `nobody has installed GitOps: the new cluster does not know ${layers.kind.kind}`,
        "Let the infrastructure install it (`flux bootstrap`, a Helm release …); then retry.",
      );
    await rest(everyMs, context.signal);
    context.signal.throwIfAborted();
  }
}
