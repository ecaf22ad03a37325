import { type RecoveryFacts, nothingAmiss } from "../../guard/facts.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { Problem } from "../flux/holds.ts";
import { turnProblems } from "../flux/turns.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Patience } from "../kubernetes/request.ts";
import { temporalSettings } from "../../temporal/settings.ts";
import { deniedReason } from "../kubernetes/denied.ts";
import { isNamed } from "../kubernetes/patterns.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { askForImages, type ImageReport } from "../registry/images.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { resolveAll } from "./addresses.ts";
import { byHandWords } from "./by-hand.ts";
import { cut, mostNames } from "./cut.ts";
import { finalizerWords } from "./finalizers.ts";
import { gitopsOf, type GitOps } from "./gitops.ts";
import { takeInventory } from "./take-inventory.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { quotaProblems } from "./quotas.ts";
import { type Admission, webhookProblems } from "./webhooks.ts";
import { expected, type Inventory, keepInventory } from "./memory.ts";
import { neededOf, reachedThrough } from "./reached-through.ts";
import { type Survey, surveySettled } from "./survey.ts";
import { lostVolumes } from "./volumes.ts";

interface Input {
  component: NamespaceComponent;
  access: ClusterAccess;
}

/**
 * Lists every object of the namespace and finds out who would bring it back. Changes nothing in the cluster.
 * @param patience with an API server that does not answer; minutes unless told
 */
export async function inspectNamespace(
  { component, access }: Input,
  context: StepContext,
  patience?: Patience,
): Promise<Inspection> {
  const look = async (session: Session) => await inspectWithin(session, component, context);
  return await withCluster(access, context, look, patience);
}

async function inspectWithin(
  session: Session,
  component: NamespaceComponent,
  context: StepContext,
): Promise<Inspection> {
  context.progress(`listing every object of ${component.namespace}`);
  const survey = await surveySettled(session, component.namespace, context);
  const gitops = gitopsOf(component.namespace, survey);
  const inventory = takeInventory(session, survey, gitops, { salt: context.run.nonce, accepts: component.accepts });
  // A drill compares with this, and a restore of a later day looks what there was.
  await keepInventory(context, component.name, inventory);
  context.progress("asking the registries for the images");
  const images = await askForImages(survey.objects, context.signal);
  const insideTarget = await lostTogether(component.namespace, survey);
  const admission = notLetIn(session, survey, inventory, await listWebhooks(session));
  return {
    target: targetOf(component),
    note: noteOf(survey, inventory, images),
    facts: factsOf(component, session, survey, inventory, { gitops, images, insideTarget, admission }, context),
  };
}

/** What a recovery needs, and that would be lost together with the namespace. */
async function lostTogether(namespace: string, survey: Survey): Promise<string[]> {
  const needed = neededOf(namespace, survey.gitops, survey.stores, temporalSettings().address);
  const resolved = await resolveAll(needed.flatMap(({ urls }) => urls));
  return reachedThrough(namespace, needed, { ...survey, resolved });
}

/** What must come back, and would not be let in. */
function notLetIn(
  { resources }: Session,
  { namespace, objects }: Survey,
  { entries }: Inventory,
  admission: Admission,
): Problem[] {
  if (namespace === undefined) return [];
  const back = new Set(entries.filter(({ origin }) => origin.from !== "nowhere").map(({ uid }) => uid));
  const wanted = [namespace, ...objects].filter(({ metadata }) => back.has(metadata.uid ?? ""));
  return [...webhookProblems(namespace, admission, wanted, resources), ...quotaProblems(wanted)];
}

function noteOf({ objects }: Survey, inventory: Inventory, { asked, unknown }: ImageReport): string {
  const { entries } = inventory;
  const back = expected(inventory).length;
  const pulls = asked === 0 ? "" : `, ${asked - unknown.length} of ${asked} images found in their registries`;
  const byHand = byHandWords(inventory);
  const changes = byHand === "" ? "" : `; changed by hand, and lost where Git does not say the same: ${byHand}`;
  const held = finalizerWords(objects);
  const finalizers = held === "" ? "" : `; goes only when the controllers of these finalizers work: ${held}`;
  return `${entries.length} objects, ${back} of them to come back under their own names${pulls}${finalizers}${changes}`;
}

type Found = { gitops: GitOps; images: ImageReport; insideTarget: string[]; admission: Problem[] };

function factsOf(
  component: NamespaceComponent,
  { identity }: Session,
  survey: Survey,
  inventory: Inventory,
  found: Found,
  { config }: StepContext,
): Inspection["facts"] {
  const { name, kind, namespace } = component;
  const isThere = survey.namespace !== undefined;
  return {
    name,
    kind,
    target: targetOf(component),
    lock: `kubernetes/${identity}/${namespace}`,
    exists: isThere,
    identity,
    ...listing({ identity }, namespace, config),
    ...nothingAmiss,
    denied: deniedReason(namespace, survey.objects),
    insideTarget: found.insideTarget,
    ...(isThere && { recovery: recoveryOf(component, survey, inventory, found) }),
  };
}

/** Whether the worker's configuration lets this namespace of this very cluster be deleted, and the line that would. */
export function listing(
  { identity }: Pick<Session, "identity">,
  namespace: string,
  { mayDestroy }: StepContext["config"],
): Pick<Inspection["facts"], "listed" | "listLine"> {
  return {
    listed: mayDestroy.some(
      (one) =>
        "namespace" in one &&
        one.cluster === identity &&
        one.namespace === namespace &&
        // It lists a part of it alone.
        one.workload === undefined,
    ),
    listLine: `- { cluster: "${identity}", namespace: ${namespace} }`,
  };
}

function recoveryOf(
  component: NamespaceComponent,
  { objects, volumes }: Survey,
  { entries }: Inventory,
  { gitops, images, admission }: Found,
): RecoveryFacts {
  const lost = entries
    .filter(({ origin, id }) => origin.from === "nowhere" && !isNamed(component.accepts, id))
    .map(({ id }) => id);
  return {
    orphans: { names: lost.slice(0, mostNames), more: Math.max(0, lost.length - mostNames) },
    ...cut({
      gitops: [...gitops.problems, ...turnProblems(component, gitops.flux)],
      images: images.gone,
      admission,
      volumes: lostVolumes(claimsOf(objects), volumes, component.loses),
    }),
  };
}

function claimsOf(objects: KubernetesObject[]): KubernetesObject[] {
  return objects.filter(({ kind }) => kind === "PersistentVolumeClaim");
}
