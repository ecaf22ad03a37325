import { pods, replicaSets } from "../kubernetes/kinds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Session } from "../kubernetes/session.ts";

export interface OwnedPod {
  pod: KubernetesObject;
  /** "Deployment/shop"; empty where it has none. */
  owner: string;
}

/** The pods of a namespace with what they belong to: a Deployment's by way of its ReplicaSets. */
export async function ownedPods({ cluster }: Pick<Session, "cluster">, namespace: string): Promise<OwnedPod[]> {
  const [all, sets] = await Promise.all([cluster.list(pods, { namespace }), cluster.list(replicaSets, { namespace })]);
  return all.objects.map((pod) => ({ pod, owner: ownerOf(pod, sets.objects) }));
}

/** Pure: whom a pod belongs to. */
export function ownerOf(pod: KubernetesObject, sets: KubernetesObject[]): string {
  const own = controllerOf(pod);
  if (own === undefined) return "";
  const set = own.kind === "ReplicaSet" ? sets.find(({ metadata }) => metadata.uid === own.uid) : undefined;
  const { kind, name } = (set && controllerOf(set)) ?? own;
  return `${kind}/${name}`;
}

function controllerOf({ metadata }: KubernetesObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
