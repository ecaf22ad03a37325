import { heldBack } from "../kubernetes/held.ts";
import type { Mirror } from "../kubernetes/mirror.ts";
import { servedKind } from "../kubernetes/paths.ts";
import { isNamed } from "../kubernetes/patterns.ts";
import type { Session } from "../kubernetes/session.ts";

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
