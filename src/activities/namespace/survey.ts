import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import { namespaces, persistentVolumes } from "../kubernetes/kinds.ts";
import type { KubernetesObject, Resource } from "../kubernetes/object.ts";
import { isReconciling } from "../flux/holds.ts";
import type { StepContext } from "../step.ts";
import { type BackupStore, backupStores } from "./backup-stores.ts";
import { isBookkeeping } from "./bookkeeping.ts";
import { nodes } from "../kubernetes/kinds.ts";
import type { Session } from "../kubernetes/session.ts";
import { hasNodePorts } from "./reached-through.ts";

/** Everything that a step looks at, as the API server has it now. */
export interface Survey {
  /** Undefined where there is no such namespace. */
  namespace: KubernetesObject | undefined;
  /** Of every kind, custom resources included; without what the cluster keeps about them. */
  objects: KubernetesObject[];
  /** What Flux and Argo CD work by, of all namespaces. */
  gitops: KubernetesObject[];
  /** Of the whole cluster. */
  volumes: KubernetesObject[];
  /** Where backups are kept, by the objects that say so. */
  stores: BackupStore[];
  /** Of the whole cluster, where objects can be reached through them. */
  nodes: KubernetesObject[];
}

const gitopsGroups = [
  "kustomize.toolkit.fluxcd.io",
  "helm.toolkit.fluxcd.io",
  "source.toolkit.fluxcd.io",
  "argoproj.io",
];
const gitopsKinds = [
  "Kustomization",
  "HelmRelease",
  "GitRepository",
  "OCIRepository",
  "Bucket",
  "HelmRepository",
  "HelmChart",
  "Application",
];

/** The kinds of which a namespace may have objects. Measurements are no objects. */
function kindsWithin({ resources }: Session): Resource[] {
  return resources.filter((one) => one.namespaced && !isBookkeeping(one) && one.group !== "metrics.k8s.io");
}

/** Of some kinds those that can be watched. */
export function watchedKinds(session: Session, kinds: Set<string>): Resource[] {
  return kindsWithin(session).filter(({ kind, verbs }) => kinds.has(kind) && verbs.includes("watch"));
}

/** Of all namespaces. */
export async function listGitops({ cluster, resources }: Session): Promise<KubernetesObject[]> {
  const kinds = resources.filter(({ group, kind }) => gitopsGroups.includes(group) && gitopsKinds.includes(kind));
  return (await Promise.all(kinds.map(async (kind) => (await cluster.list(kind)).objects))).flat();
}

/** GitOps may be at work just now; this long it gets to come to an end. */
const patienceMs = 10_000;

/** A survey at a moment at which GitOps is not in the middle of something, as far as it comes to an end soon. */
export async function surveySettled(
  session: Session,
  name: string,
  { signal }: Pick<StepContext, "signal">,
): Promise<Survey> {
  for (const deadline = performance.now() + patienceMs; ; await sleep(500, undefined, { signal })) {
    const survey = await surveyNamespace(session, name);
    if (!survey.gitops.some(isReconciling) || performance.now() > deadline) return survey;
  }
}

/** @throws API_REFUSED while a group of the API does not answer: its objects would be missing from the inventory */
export async function surveyNamespace(session: Session, name: string): Promise<Survey> {
  const { cluster, stale } = session;
  if (stale.length > 0)
    throw fail(
      "API_REFUSED",
      `the API groups ${stale.join(", ")} do not answer: what they hold of ${name} cannot be listed`,
      "Mend or remove their APIService (`kubectl get apiservice`): a namespace cannot be deleted wholly without them.",
    );
  const within = async (kinds: Resource[]) =>
    (await Promise.all(kinds.map(async (kind) => (await cluster.list(kind, { namespace: name })).objects))).flat();
  const [namespace, objects, gitops, volumes, stores] = await Promise.all([
    cluster.get(namespaces, name),
    within(kindsWithin(session)),
    listGitops(session),
    cluster.list(persistentVolumes).then(({ objects: all }) => all),
    backupStores(session),
  ]);
  // Some kinds are served by two groups.
  const once = [...new Map(objects.map((object) => [object.metadata.uid, object])).values()];
  const all = hasNodePorts(once) ? (await cluster.list(nodes)).objects : [];
  return { namespace, objects: once, gitops, volumes, stores, nodes: all };
}
