import type { KubernetesObject } from "./object.ts";

/** What does not go although it was deleted: objects that wait for somebody to remove their finalizers. */
export function heldBack(objects: KubernetesObject[]): KubernetesObject[] {
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
