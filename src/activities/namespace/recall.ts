import { fail } from "../../failures.ts";
import { type ComponentFacts, nothingAmiss } from "../../guard/facts.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import { targetOf } from "../../plan/target.ts";
import { namespaces } from "../kubernetes/kinds.ts";
import { mirror } from "../kubernetes/mirror.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { deniedReason } from "../kubernetes/denied.ts";
import { gitopsOf } from "./gitops.ts";
import { nameOfHolder, toComeBack } from "./held-entries.ts";
import { listing } from "./inspect.ts";
import { newestInventory } from "./known-before.ts";
import { expected, holdersAmong, type Inventory, keepInventory, keepRecovery, type Recovery } from "./memory.ts";
import { observe } from "./observe.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { type Survey, surveySettled } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";

/**
 * After a real loss nobody can look what there was: it is put together of what GitOps holds, and of what a run of before has seen.
 * Changes nothing in the cluster.
 * @throws NOT_RECOVERED where nobody would bring it back
 */
export async function recallNamespace(
  { component, access }: Omit<NamespaceInput, "run">,
  context: StepContext,
): Promise<Inspection> {
  const { name, namespace } = component;
  return await withCluster(access, context, async (session) => {
    await untilGone(session, component, context);
    context.progress("finding out what must come back");
    const survey = await surveySettled(session, namespace, context);
    const before = await newestInventory(context.config, session.identity, namespace);
    const inventory = putTogether(session, namespace, survey, before);
    // When it was lost nobody knows: times count from the start of the restore.
    const recovery: Recovery = {
      lostAt: context.run.startedAt,
      goneAt: null,
      whileGone: null,
      stripped: [],
      times: {},
    };
    await keepInventory(context, name, inventory);
    await keepRecovery(context, name, recovery);
    const entries = expected(inventory);
    const live = survey.namespace === undefined ? survey.objects : [survey.namespace, ...survey.objects];
    const waiting = observe(entries, live, { times: {}, lostAt: recovery.lostAt }, new Date());
    const known = before === undefined ? "no run has seen it before" : `a run has seen it on ${before.takenAt}`;
    return {
      target: targetOf(component),
      note: `${entries.length - waiting.length} of ${entries.length} objects are there and ready; ${known}`,
      facts: factsOf(component, session, { objects: survey.objects, lost: waiting.length > 0 }, context),
    };
  });
}

/** What is still going would be taken for what has come back. @throws TIMED_OUT that says what is left */
async function untilGone(
  { cluster }: Session,
  { namespace, within, standstill }: NamespaceComponent,
  context: StepContext,
): Promise<void> {
  const watched = mirror(cluster, [namespaces], undefined, context.signal);
  const going = () => {
    const own = watched.find("Namespace", namespace);
    return own?.metadata.deletionTimestamp === undefined ? undefined : own;
  };
  const left = (own: KubernetesObject | undefined) => own && conditionOf(own, "NamespaceContentRemaining")?.message;
  try {
    await waitUntil(watched, () => (going() === undefined ? true : undefined), {
      what: `namespace ${namespace}, which is being deleted, to be gone`,
      withinMs: within,
      stallMs: standstill,
      progressKey: () => left(going()) ?? "",
      onProgress: context.progress,
    });
  } finally {
    watched.stop();
  }
}

/** @throws NOT_RECOVERED */
function putTogether(session: Session, namespace: string, survey: Survey, before: Inventory | undefined): Inventory {
  const { objects, gitops } = survey;
  const { flux, argo } = gitopsOf(namespace, survey);
  const seen = before === undefined ? [] : holdersAmong(gitops, before);
  const holders = [...new Set([...[...flux, ...argo].map(({ object }) => object), ...seen])];
  const outside = holders.filter(({ metadata }) => metadata.namespace !== namespace);
  const live = new Set(objects.map(({ metadata }) => metadata.uid));
  const entries = toComeBack(namespace, holders, before, live);
  if (!entries.some(({ kind }) => kind === "Namespace"))
    throw fail(
      "NOT_RECOVERED",
      `neither Flux nor Argo CD would make namespace ${namespace} again`,
      "Let a Kustomization, HelmRelease or Application outside of it make the Namespace and what is in it; then retry.",
    );
  const suspended = outside.find(({ spec }) => spec?.["suspend"] === true);
  if (suspended !== undefined)
    throw fail(
      "NOT_RECOVERED",
      `${nameOfHolder(suspended)}, which makes objects of namespace ${namespace}, is suspended`,
      `Resume it (flux resume ${suspended.kind.toLowerCase()} ${suspended.metadata.name} -n ${suspended.metadata.namespace}); then retry.`,
    );
  return {
    cluster: session.identity,
    uid: "",
    takenAt: new Date().toISOString(),
    holders: holders.map(({ kind, metadata }) => ({ kind, namespace: metadata.namespace ?? "", name: metadata.name })),
    entries,
    lostClaims: survey.volumes.flatMap((volume) => lostClaim(volume, namespace, live)),
  };
}

/** Of the namespace, and not there any more, while its volume still is. */
function lostClaim({ spec }: KubernetesObject, namespace: string, live: Set<string | undefined>): string[] {
  const { namespace: of, uid } = (spec?.["claimRef"] ?? {}) as { namespace?: string; uid?: string };
  return of === namespace && uid !== undefined && !live.has(uid) ? [uid] : [];
}

/** Nothing of it is taken away, whatever is there. */
function factsOf(
  component: NamespaceComponent,
  session: Session,
  { objects, lost }: { objects: KubernetesObject[]; lost: boolean },
  { config }: StepContext,
): ComponentFacts {
  const { name, kind, namespace } = component;
  return {
    name,
    kind,
    target: targetOf(component),
    lock: `kubernetes/${session.identity}/${namespace}`,
    exists: false,
    identity: session.identity,
    ...listing(session, namespace, config),
    ...nothingAmiss,
    denied: deniedReason(namespace, objects),
    lost,
  };
}
