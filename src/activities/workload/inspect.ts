import { type WorkloadFacts, nothingAmiss } from "../../guard/facts.ts";
import type { ClusterAccess } from "../../plan/access-schema.ts";
import { targetOf } from "../../plan/target.ts";
import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import { deniedReason } from "../kubernetes/denied.ts";
import {
  autoscalers,
  claims as claimKind,
  disruptionBudgets,
  nodes as nodeKind,
  persistentVolumes,
  pods as podKind,
  secrets,
  serviceAccounts,
} from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { count } from "../kubernetes/verdict.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { Patience } from "../kubernetes/request.ts";
import { scaledBy } from "../kubernetes/scaled.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { askForImages, type ImageReport } from "../registry/images.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { type Drain, drainProblems, isEvictable, nodeOf } from "./drain-facts.ts";
import { findWorkload, knownPod } from "./find.ts";
import { isListed, listLine } from "./listed.ts";
import { known, type Known } from "./memory.ts";
import { claimsUsedBy, placesOf } from "./volumes.ts";

interface Input {
  component: WorkloadComponent;
  access: ClusterAccess;
}

interface Look {
  facts: WorkloadFacts;
  known: Known;
  images: ImageReport;
}

/**
 * Looks at a workload, at what its pods need to start again, and at what else a drain would take away. Changes nothing.
 * @param patience with an API server that does not answer; minutes unless told
 */
export async function inspectWorkload(
  { component, access }: Input,
  context: StepContext,
  patience?: Patience,
): Promise<Inspection> {
  const look = async (session: Session) => await inspectWithin(session, component, context);
  return await withCluster(access, context, look, patience);
}

async function inspectWithin(
  session: Session,
  component: WorkloadComponent,
  context: StepContext,
): Promise<Inspection> {
  const { name, kind, namespace, workload: which } = component;
  const { workload, pods } = await findWorkload(session, component);
  const look = workload === undefined ? undefined : await lookAt(session, component, workload, pods, context);
  // A drill compares with this; an audit leaves no trace.
  if (look !== undefined && context.run.type === "exercise") await known.keep(context, name, look.known);
  const node = look?.known.node ?? null;
  const lock = `kubernetes/${session.identity}`;
  return {
    target: targetOf(component),
    note: look === undefined ? `there is no ${which} in namespace ${namespace}` : noteOf(look),
    facts: {
      name,
      kind,
      target: targetOf(component),
      // Whatever runs in the cluster may be hit by a drain.
      lock: component.lose === "node" ? lock : `${lock}/${namespace}/${which}`,
      exists: workload !== undefined,
      identity: session.identity,
      listed: isListed(context.config, session.identity, component, node),
      listLine: listLine(session.identity, component, node),
      ...nothingAmiss,
      denied: deniedReason(namespace, []),
      ...(look !== undefined && {
        workload: look.facts,
        recovery: { orphans: { names: [], more: 0 }, gitops: [], images: look.images.gone, volumes: [] },
      }),
    },
  };
}

async function lookAt(
  session: Session,
  component: WorkloadComponent,
  workload: KubernetesObject,
  pods: KubernetesObject[],
  { signal, progress }: StepContext,
): Promise<Look> {
  const { namespace, data } = component;
  const list = async (kind: Kind) => (await session.cluster.list(kind, { namespace })).objects;
  const [accounts, pullSecrets, claims, scalers] = await Promise.all(
    [serviceAccounts, secrets, claimKind, autoscalers].map(list),
  );
  progress("asking the registries for the images");
  const images = await askForImages([workload, ...accounts!, ...pullSecrets!], signal);
  const drain = component.lose === "node" ? await planDrain(session, component, pods, claims!) : null;
  const taken = drain === null ? pods : drain.own;
  const ready = pods.filter((pod) => readiness(pod).status === "ready").length;
  return {
    images,
    facts: {
      trouble: troubleOf(workload, ready),
      volatile: data === undefined ? [] : placesOf(taken, data).volatile,
      drain: drain === null ? [] : drainProblems(drain),
    },
    known: {
      cluster: session.identity,
      uid: workload.metadata.uid ?? "",
      ready,
      replicas: count(workload.spec, "replicas", 1),
      scaled: scalers!.flatMap(scaledBy).includes(`${workload.kind}/${workload.metadata.name}`),
      pods: taken.map(knownPod),
      node: drain?.node ?? null,
      others: (drain?.others ?? []).map(knownPod),
      claims: claimsUsedBy(taken, claims!),
    },
  };
}

function troubleOf(workload: KubernetesObject, ready: number): string | null {
  const { status, message } = readiness(workload);
  if (status !== "ready") return message;
  return ready === 0 ? "it has no pods" : null;
}

/** Null where no pod of it has a node yet: it is not ready then. */
async function planDrain(
  { cluster }: Session,
  { accepts }: WorkloadComponent,
  pods: KubernetesObject[],
  claims: KubernetesObject[],
): Promise<Drain | null> {
  const node = nodeOf(pods);
  if (node === null) return null;
  const [nodes, onNode, budgets, volumes] = await Promise.all(
    [
      cluster.list(nodeKind),
      cluster.list(podKind, { fieldSelector: `spec.nodeName=${node}` }),
      cluster.list(disruptionBudgets),
      cluster.list(persistentVolumes),
    ].map(async (listed) => (await listed).objects),
  );
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  const evictable = onNode!.filter(isEvictable);
  const own = evictable.filter(({ metadata }) => uids.has(metadata.uid));
  const used = new Set(claimsUsedBy(own, claims).map(({ volume }) => volume));
  return {
    node,
    own,
    others: evictable.filter(({ metadata }) => !uids.has(metadata.uid)),
    nodes: nodes!,
    budgets: budgets!,
    volumes: volumes!.filter(({ metadata }) => used.has(metadata.name)),
    accepts,
  };
}

function noteOf({ known: { ready, node, pods, others, claims }, images: { asked, unknown } }: Look): string {
  const also = others.map((pod) => `${pod.namespace}/${pod.name}`).toSorted();
  return [
    `${ready} pods ready`,
    ...(claims.length > 0 ? [`volumes: ${claims.map(({ name }) => name).join(", ")}`] : []),
    ...(asked > 0 ? [`${asked - unknown.length} of ${asked} images found in their registries`] : []),
    ...(node === null
      ? []
      : [`a drain of ${node} evicts ${pods.length} of them, and ${also.join(", ") || "no others"}`]),
  ].join("; ");
}
