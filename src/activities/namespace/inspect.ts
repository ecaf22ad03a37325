import type { RecoveryFacts } from "../../guard/facts.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import type { NamespaceComponent } from "../../plan/namespace-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Patience } from "../kubernetes/request.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { deniedReason } from "./denied.ts";
import { digestOf } from "./digest.ts";
import { gitopsOf, type GitOps } from "./gitops.ts";
import { askForImages, type ImageReport } from "./images.ts";
import { type Entry, expected, type Inventory, keepInventory } from "./memory.ts";
import { originOf } from "./origin.ts";
import { isNamed } from "./patterns.ts";
import { reachedThrough } from "./reached-through.ts";
import { type Session, withCluster } from "./session.ts";
import { type Survey, surveySettled } from "./survey.ts";
import { lostVolumes } from "./volumes.ts";

interface Input {
  component: NamespaceComponent;
  access: ClusterAccess;
}

/** Names that a person would read; the rest is counted. */
const mostNames = 20;

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
  const inventory = takeInventory(session, survey, gitops, context.run.nonce);
  // A drill compares with this, and a restore of a later day looks what there was.
  await keepInventory(context, component.name, inventory);
  context.progress("asking the registries for the images");
  const images = await askForImages(survey.objects, context.signal);
  return {
    target: targetOf(component),
    note: noteOf(inventory, images),
    facts: factsOf(component, session, survey, inventory, { gitops, images }, context),
  };
}

function takeInventory(session: Session, survey: Survey, { managers, flux, argo }: GitOps, salt: string): Inventory {
  const { namespace, objects } = survey;
  const all = namespace === undefined ? objects : [namespace, ...objects];
  const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  const scaledByOthers = new Set(objects.flatMap(scaledBy));
  const holders = [...flux, ...argo].map(({ object: { kind, metadata } }) => {
    return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
  });
  const entries = all.map((object, index): Entry => {
    const { apiVersion, kind, metadata } = object;
    const origin = originOf(object, objects, managers);
    const state = readiness(object);
    const scaled = scaledByOthers.has(names[index]!);
    const twice = names.indexOf(names[index]!) !== names.lastIndexOf(names[index]!);
    return {
      apiVersion,
      kind,
      name: metadata.name,
      id: twice ? `${kind}.${apiVersion.split("/")[0]}/${metadata.name}` : names[index]!,
      uid: metadata.uid ?? "",
      origin:
        kind === "Namespace" ? { from: "gitops", by: managers.get(names[index]!) ?? "", generated: false } : origin,
      troubleBefore: state.status === "ready" ? null : state.message,
      scaled,
      digest: digestOf(object, salt, { generated: origin.generated, scaled }),
    };
  });
  return {
    cluster: session.identity,
    uid: namespace?.metadata.uid ?? "",
    takenAt: new Date().toISOString(),
    holders,
    entries,
  };
}

/** KEDA's ScaledObjects have a HorizontalPodAutoscaler each. */
function scaledBy({ kind, spec }: KubernetesObject): string[] {
  const target = spec?.["scaleTargetRef"] as { kind: string; name: string } | undefined;
  return kind === "HorizontalPodAutoscaler" && target !== undefined ? [`${target.kind}/${target.name}`] : [];
}

function noteOf(inventory: Inventory, { asked, unknown }: ImageReport): string {
  const { entries } = inventory;
  const back = expected(inventory).length;
  const pulls = asked === 0 ? "" : `, ${asked - unknown.length} of ${asked} images found in their registries`;
  return `${entries.length} objects, ${back} of them to come back under their own names${pulls}`;
}

type Found = { gitops: GitOps; images: ImageReport };

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
    denied: deniedReason(namespace),
    inRecovery: false,
    replicas: 0,
    tablespacesOutside: [],
    insideTarget: reachedThrough(namespace, survey),
    archiving: null,
    space: null,
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
    listed: mayDestroy.some((one) => "namespace" in one && one.cluster === identity && one.namespace === namespace),
    listLine: `- { cluster: "${identity}", namespace: ${namespace} }`,
  };
}

function recoveryOf(
  { accepts, loses }: NamespaceComponent,
  { objects, volumes }: Survey,
  { entries }: Inventory,
  { gitops, images }: Found,
): RecoveryFacts {
  const lost = entries
    .filter(({ origin, id }) => origin.from === "nowhere" && !isNamed(accepts, id))
    .map(({ id }) => id);
  return {
    orphans: { names: lost.slice(0, mostNames), more: Math.max(0, lost.length - mostNames) },
    gitops: gitops.problems.slice(0, mostNames),
    images: images.gone.slice(0, mostNames),
    volumes: lostVolumes(claimsOf(objects), volumes, loses).slice(0, mostNames),
  };
}

function claimsOf(objects: KubernetesObject[]): KubernetesObject[] {
  return objects.filter(({ kind }) => kind === "PersistentVolumeClaim");
}
