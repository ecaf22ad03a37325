import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Mirror } from "../kubernetes/mirror.ts";
import { servedKind } from "../kubernetes/paths.ts";
import { isNamed } from "./patterns.ts";
import type { Session } from "./session.ts";

/** What keeps a namespace from going: objects that wait for somebody to remove their finalizers. */
function heldBack(objects: KubernetesObject[]): KubernetesObject[] {
  return objects.filter(
    ({ metadata }) => metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0,
  );
}

/** In words: "Backup/old-1 waits for finalizer longhorn.io". */
export function heldWords(objects: KubernetesObject[]): string {
  const held = heldBack(objects).map(
    ({ kind, metadata }) => `${kind}/${metadata.name} waits for finalizer ${metadata.finalizers!.join(", ")}`,
  );
  const more = held.length > 3 ? `; and ${held.length - 3} more` : "";
  return held.slice(0, 3).join("; ") + more;
}

/** Pods and claims are held for a while as a matter of course. */
const usual = new Set(["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion", "orphan"]);

/** Removes the finalizers of what the plan names, and of nothing else. @returns what was done, for the record */
export async function stripNamed(
  { cluster, resources }: Session,
  watched: Mirror,
  namespace: string,
  patterns: string[],
): Promise<string[]> {
  const named = heldBack(watched.objects()).filter(
    ({ kind, metadata }) => metadata.namespace === namespace && isNamed(patterns, `${kind}/${metadata.name}`),
  );
  const done: string[] = [];
  for (const object of named) {
    const { kind, metadata } = object;
    const resource = servedKind(resources, object);
    const removed = metadata.finalizers!.filter((one) => !usual.has(one));
    if (resource === undefined || removed.length === 0) continue;
    const { uid, resourceVersion } = metadata;
    const finalizers = metadata.finalizers!.filter((one) => usual.has(one));
    await cluster.mergePatch(resource, metadata.name, namespace, { metadata: { uid, resourceVersion, finalizers } });
    done.push(`${kind}/${metadata.name}: ${removed.join(", ")}`);
  }
  return done;
}
