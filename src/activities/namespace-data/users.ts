import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import { pods } from "../kubernetes/kinds.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { ownedPods } from "./owned-pods.ts";

/**
 * Ends the pods of what works with the database and waits until they are gone; their controllers make new ones. So nobody goes on
 * in the restored data with what he began in an empty database, such as the second half of a migration.
 */
export async function endUsers(
  session: Session,
  { namespace, pods: how, within }: NamespaceComponent,
  users: string[],
  context: StepContext,
): Promise<void> {
  const { cluster } = session;
  const ending = (await ownedPods(session, namespace)).filter(({ owner }) => users.includes(owner));
  const uids = new Set(ending.map(({ pod }) => pod.metadata.uid!));
  const grace = how === "force" && { gracePeriodSeconds: 0 };
  await Promise.all(
    ending.map(
      async ({ pod: { metadata } }) =>
        await cluster.remove(pods, metadata.name, namespace, { ...grace, uid: metadata.uid! }),
    ),
  );
  const watched = mirror(cluster, [pods], namespace, context.signal);
  const left = () => watched.objects().filter(({ metadata }) => uids.has(metadata.uid!));
  try {
    await waitUntil(watched, () => (left().length === 0 ? true : undefined), {
      what: `the pods of ${users.join(" and ")} to end`,
      withinMs: within,
      progressKey: () => `${left().length} of ${uids.size} pods are left of ${users.join(" and ")}`,
      onProgress: context.progress,
    });
  } finally {
    watched.stop();
  }
}
