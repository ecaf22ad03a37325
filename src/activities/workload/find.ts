import type { WorkloadComponent } from "../../plan/workload-schema.ts";
import { deployments, pods as podKind, replicaSets, statefulSets } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import type { Session } from "../kubernetes/session.ts";

/** A workload, and the pods that run for it, as the API server has them now. */
export interface Found {
  workload: KubernetesObject | undefined;
  pods: KubernetesObject[];
}

type Named = Pick<WorkloadComponent, "namespace" | "workload">;

/** Its kind and name, and the kinds of which it makes objects. */
export function partsOf(workload: string): { kind: Kind; name: string; makes: Kind[] } {
  const [kind, name = ""] = workload.split("/");
  return kind === "deployment"
    ? { kind: deployments, name, makes: [replicaSets, podKind] }
    : { kind: statefulSets, name, makes: [podKind] };
}

export async function findWorkload(
  { cluster }: Pick<Session, "cluster">,
  { namespace, workload }: Named,
): Promise<Found> {
  const { kind, name, makes } = partsOf(workload);
  const [object, ...made] = await Promise.all([
    cluster.get(kind, name, namespace),
    ...makes.map(async (one) => (await cluster.list(one, { namespace })).objects),
  ]);
  return { workload: object, pods: object === undefined ? [] : podsOf(object, made.flat()) };
}

/** The pods of a workload among these objects, without those whose work is over. */
export function podsOf(workload: KubernetesObject, objects: KubernetesObject[]): KubernetesObject[] {
  const sets = objects.filter((one) => one.kind === "ReplicaSet" && isControlledBy(one, workload));
  return objects.filter(
    (one) => one.kind === "Pod" && !isOver(one) && [workload, ...sets].some((owner) => isControlledBy(one, owner)),
  );
}

function isControlledBy({ metadata }: KubernetesObject, owner: KubernetesObject): boolean {
  return metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === owner.metadata.uid) ?? false;
}

/** It has succeeded or failed, and runs no more. */
export function isOver({ status }: KubernetesObject): boolean {
  return ["Succeeded", "Failed"].includes((status?.["phase"] ?? "") as string);
}

export function knownPod({ metadata }: KubernetesObject) {
  return { namespace: metadata.namespace ?? "", name: metadata.name, uid: metadata.uid ?? "" };
}
