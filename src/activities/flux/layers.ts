import type { KubernetesObject } from "../kubernetes/object.ts";

/**
 * Kustomizations in the order in which Flux applies them: layers, each of which depends on those before it only. What they
 * depend on is in it as well, although it holds nothing of the namespace: Flux waits for it.
 */
export function layersOf(wanted: KubernetesObject[], gitops: KubernetesObject[]): KubernetesObject[][] {
  const depths = new Map<KubernetesObject, number>();
  const depth = (object: KubernetesObject, above: KubernetesObject[]): number => {
    const known = depths.get(object);
    if (known !== undefined) return known;
    // A circle never becomes ready; Flux says so itself.
    const before = dependenciesOf(object, gitops).filter((one) => !above.includes(one));
    const found = Math.max(-1, ...before.map((one) => depth(one, [...above, object]))) + 1;
    depths.set(object, found);
    return found;
  };
  for (const object of wanted) depth(object, [object]);
  const layers: KubernetesObject[][] = [];
  for (const [object, at] of depths) (layers[at] ??= []).push(object);
  return layers;
}

function dependenciesOf({ kind, spec, metadata }: KubernetesObject, gitops: KubernetesObject[]): KubernetesObject[] {
  const on = (spec?.["dependsOn"] ?? []) as { name: string; namespace?: string }[];
  return gitops.filter(
    (one) =>
      one.kind === kind &&
      on.some(
        ({ name, namespace = metadata.namespace }) =>
          one.metadata.name === name && one.metadata.namespace === namespace,
      ),
  );
}
