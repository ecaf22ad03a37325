import type { KubernetesObject } from "../kubernetes/object.ts";

/** Of Kubernetes itself: whoever removes these works as long as the cluster does. */
const ofKubernetes = /^(foregroundDeletion|orphan|([a-z-]+\.)?kubernetes\.io\/.*)$/;

const mostNames = 5;

/** "InfisicalSecret/shop (secrets.infisical.com/finalizer)": what goes only when a controller lets it go. Pure. */
export function finalizerWords(objects: KubernetesObject[]): string {
  const held = objects.flatMap(({ kind, metadata }) => {
    const finalizers = (metadata.finalizers ?? []).filter((one) => !ofKubernetes.test(one));
    return finalizers.length === 0 ? [] : [`${kind}/${metadata.name} (${finalizers.join(", ")})`];
  });
  const more = held.length > mostNames ? ` and ${held.length - mostNames} more` : "";
  return held.slice(0, mostNames).join(", ") + more;
}
