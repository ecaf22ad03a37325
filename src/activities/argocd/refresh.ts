import { fail } from "../../failures.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { waitForObject } from "../kubernetes/wait.ts";
import type { Session } from "../kubernetes/session.ts";
import type { StepContext } from "../step.ts";
import { argoProblems } from "./holds.ts";

const refreshed = "argocd.argoproj.io/refresh";
/** For fetching from Git and rendering; Argo CD's repo server gives up after 90 s. */
const answerMs = 3 * 60_000;
export const applications = {
  group: "argoproj.io",
  version: "v1alpha1",
  kind: "Application",
  plural: "applications",
  namespaced: true,
};

/** Lets Argo CD fetch from Git now and compare. @throws BACKUP_NOT_VERIFIED when it cannot */
export async function refreshArgo(session: Session, holders: KubernetesObject[], context: StepContext): Promise<void> {
  for (const { metadata } of holders) {
    const object = await refresh(session, metadata.name, metadata.namespace, context);
    const [problem] = argoProblems({ object, name: `Application ${metadata.name}`, holds: [] });
    if (problem !== undefined) throw fail("BACKUP_NOT_VERIFIED", problem.problem, problem.hint);
  }
}

export async function refresh(
  { cluster }: Session,
  name: string,
  namespace: string | undefined,
  context: StepContext,
): Promise<KubernetesObject> {
  await cluster.mergePatch(applications, name, namespace, { metadata: { annotations: { [refreshed]: "hard" } } });
  // It takes the annotation away when it is done.
  return await waitForApplication({ cluster }, name, namespace, context, {
    what: `Application ${name} has been compared with Git`,
    holds: ({ metadata }) => metadata.annotations?.[refreshed] === undefined,
  });
}

interface Wanted {
  what: string;
  holds: (object: KubernetesObject) => boolean;
  withinMs?: number;
}

export async function waitForApplication(
  { cluster }: Pick<Session, "cluster">,
  name: string,
  namespace: string | undefined,
  { signal }: Pick<StepContext, "signal">,
  { what, holds, withinMs = answerMs }: Wanted,
): Promise<KubernetesObject> {
  return await waitForObject(cluster, applications, { name, ...(namespace !== undefined && { namespace }) }, holds, {
    signal,
    withinMs,
    what,
  });
}
