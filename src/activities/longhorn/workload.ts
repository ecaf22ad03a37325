import { fail } from "../../failures.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { readiness } from "../kubernetes/readiness.ts";
import type { StepContext } from "../step.ts";
import { claims, pods, specOf } from "./kinds.ts";
import { type Limits, untilDone } from "./wait.ts";

/** What uses a volume: it is stopped while the volume is lost. */
export interface Workload {
  kind: "Deployment" | "StatefulSet";
  namespace: string;
  name: string;
  uid: string;
  /** As many as there were before. */
  replicas: number;
}

const apps = (kind: string, plural: string): Kind => ({ group: "apps", version: "v1", kind, plural, namespaced: true });
const kinds = { Deployment: apps("Deployment", "deployments"), StatefulSet: apps("StatefulSet", "statefulsets") };
const replicaSets = apps("ReplicaSet", "replicasets");

export const kindOfWorkload = ({ kind }: Pick<Workload, "kind">): Kind => kinds[kind];

/** @param named "deployment/shop" @throws TARGET_GONE where it is not there */
export async function findWorkload(cluster: Cluster, namespace: string, named: string): Promise<Workload> {
  const [kindWord, name = ""] = named.split("/");
  const kind = kindWord === "deployment" ? "Deployment" : "StatefulSet";
  const object = await cluster.get(kinds[kind], name, namespace);
  if (object === undefined)
    throw fail("TARGET_GONE", `there is no ${named} in namespace ${namespace}`, "Correct `workload` in the plan.");
  const replicas = specOf(object)["replicas"];
  return {
    kind,
    namespace,
    name,
    uid: object.metadata.uid ?? "",
    replicas: typeof replicas === "number" ? replicas : 1,
  };
}

/** Pods that have a claim mounted, or are about to; those that have ended do not count. */
export async function usersOf(cluster: Cluster, namespace: string, claim: string): Promise<KubernetesObject[]> {
  const { objects } = await cluster.list(pods, { namespace });
  return objects.filter((pod) => uses(pod, claim));
}

function uses(pod: KubernetesObject, claim: string): boolean {
  const ended = ["Succeeded", "Failed"].includes(String(pod.status?.["phase"]));
  return !ended && claimVolumes(pod, claim).length > 0;
}

/** Names of a pod's volumes that are this claim. */
export function claimVolumes(pod: KubernetesObject, claim: string): string[] {
  const volumes = (specOf(pod)["volumes"] ?? []) as { name: string; persistentVolumeClaim?: { claimName: string } }[];
  return volumes.filter((one) => one.persistentVolumeClaim?.claimName === claim).map(({ name }) => name);
}

/** Which of some pods the workload has not made. */
export async function notOf(cluster: Cluster, workload: Workload | null, users: KubernetesObject[]) {
  if (workload === null) return users;
  const { objects } = await cluster.list(replicaSets, { namespace: workload.namespace });
  const own = new Set([workload.uid]);
  for (const { metadata } of objects)
    if (metadata.ownerReferences?.some(({ uid }) => uid === workload.uid)) own.add(metadata.uid ?? "");
  return users.filter(({ metadata }) => !metadata.ownerReferences?.some(({ uid }) => own.has(uid)));
}

/** What has made some pods, as a plan names it: "deployment/shop". Each once; what is neither is left out. */
export async function makersOf(cluster: Cluster, namespace: string, users: KubernetesObject[]): Promise<string[]> {
  const owners = users.flatMap(({ metadata }) => metadata.ownerReferences ?? []);
  const { objects } = await cluster.list(replicaSets, { namespace });
  const above = owners.flatMap(({ kind, name, uid }) =>
    kind === "ReplicaSet"
      ? (objects.find(({ metadata }) => metadata.uid === uid)?.metadata.ownerReferences ?? [])
      : [{ kind, name }],
  );
  const named = above.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
  return [...new Set(named.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`))];
}

export async function scale(cluster: Cluster, workload: Workload, replicas: number): Promise<void> {
  await cluster.mergePatch(kindOfWorkload(workload), workload.name, workload.namespace, { spec: { replicas } });
}

/** Waits until no pod uses a claim any more. @throws TIMED_OUT that names those that do */
export async function untilUnused(
  cluster: Cluster,
  { namespace, claim }: { namespace: string; claim: string },
  limits: Limits,
  context: StepContext,
): Promise<void> {
  const what = `nobody uses claim ${namespace}/${claim} any more`;
  const stuckHint = "Stop these pods, or what makes them; then retry.";
  await untilDone(
    cluster,
    (watched) => {
      const users = watched.objects().filter((pod) => uses(pod, claim));
      if (users.length === 0) return { is: "done" };
      return { is: "working", text: `still used by ${users.map(({ metadata }) => metadata.name).join(", ")}` };
    },
    { what, kinds: [pods], namespace, failure: "TIMED_OUT", stuckHint },
    limits,
    context,
  );
}

/** @throws TIMED_OUT with what keeps it from being ready */
export async function untilReady(cluster: Cluster, workload: Workload, limits: Limits, context: StepContext) {
  const { kind, namespace, name } = workload;
  await untilDone(
    cluster,
    (watched) => {
      const object = watched.find(kind, name);
      if (object === undefined) return { is: "working", text: `there is no ${kind} ${name}` };
      const { status, message } = readiness(object);
      return status === "ready" ? { is: "done" } : { is: "working", text: message };
    },
    {
      what: `${kind} ${namespace}/${name} to be ready`,
      kinds: [kindOfWorkload(workload), claims],
      namespace,
      failure: "NOT_RECOVERED",
      stuckHint: `Look why: kubectl -n ${namespace} describe pods; then retry.`,
    },
    limits,
    context,
  );
}
