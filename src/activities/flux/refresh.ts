import { fail } from "../../failures.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { servedKind } from "../kubernetes/paths.ts";
import { waitForObject } from "../kubernetes/wait.ts";
import type { Session } from "../kubernetes/session.ts";
import { listGitops } from "../namespace/survey.ts";
import type { StepContext } from "../step.ts";
import { describe, isReconciling, sourceOf } from "./holds.ts";

const requestedAt = "reconcile.fluxcd.io/requestedAt";
/** How long Flux may take for one answer; its own time-out for fetching from Git is a minute. */
const answerMs = 3 * 60_000;

/**
 * Lets Flux fetch from Git now, and apply what is new there. So it shows that Git can be read, and that its own list of what it
 * holds is of today.
 * @throws BACKUP_NOT_VERIFIED when it cannot
 */
export async function refreshFlux(session: Session, holders: KubernetesObject[], context: StepContext): Promise<void> {
  const kustomizations = holders.filter(({ kind }) => kind === "Kustomization");
  const sources = sourcesOf(holders, await listGitops(session));
  const token = new Date().toISOString();
  for (const object of [...sources, ...kustomizations]) {
    const answer = await requestReconcile(session, object, token, context);
    const ready = conditionOf(answer, "Ready");
    if (ready?.status !== "True")
      throw fail(
        "BACKUP_NOT_VERIFIED",
        `${describe(object)} is not ready: ${ready?.message ?? "it says nothing"}`,
        "Mend what Flux says of it; then retry.",
      );
  }
}

/** Each once. */
export function sourcesOf(holders: KubernetesObject[], gitops: KubernetesObject[]): KubernetesObject[] {
  return [...new Set(holders.flatMap((one) => sourceOf(one, gitops) ?? []))];
}

/**
 * Asks for a reconciliation as `flux reconcile` does, and waits until Flux has handled the request and says whether it is
 * ready. The same token asks only once, however often it is sent. Where somebody else asks meanwhile, Flux may never see ours: then
 * theirs, which came later, counts.
 * @throws TIMED_OUT
 */
export async function requestReconcile(
  { cluster, resources }: Pick<Session, "cluster" | "resources">,
  object: KubernetesObject,
  token: string,
  context: Pick<StepContext, "signal">,
  withinMs = answerMs,
): Promise<KubernetesObject> {
  const { name, namespace } = object.metadata;
  const kind = servedKind(resources, object);
  if (kind === undefined)
    throw fail("API_REFUSED", `the API server serves no ${object.kind} of ${object.apiVersion} any more`);
  const annotations: Record<string, string> = { [requestedAt]: token };
  // A release whose objects were deleted has nothing to upgrade to, unless it is forced.
  if (object.kind === "HelmRelease") annotations["reconcile.fluxcd.io/forceAt"] = token;
  const { status } = await cluster.mergePatch(kind, name, namespace, { metadata: { annotations } });
  const request = { token, before: status?.["lastHandledReconcileAt"] };
  return await waitForObject(cluster, kind, object.metadata, (one) => isHandled(one, request), {
    signal: context.signal,
    withinMs,
    what: `${describe(object)} has handled the request to reconcile`,
  });
}

interface Request {
  token: string;
  /** What was handled last when it was made. */
  before: unknown;
}

/** Ready or not: it has ended what it was asked for. */
function isHandled(object: KubernetesObject, { token, before }: Request): boolean {
  const last = object.status?.["lastHandledReconcileAt"];
  const isOverwritten = object.metadata.annotations?.[requestedAt] !== token;
  // While ours still stands, another one that is handled was made before it.
  const isOfTheirs = isOverwritten && last !== undefined && last !== before;
  if (last !== token && !isOfTheirs) return false;
  return !(conditionOf(object, "Reconciling")?.status === "True" && isReconciling(object));
}
