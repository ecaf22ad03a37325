import type { KubernetesObject } from "../kubernetes/object.ts";
import { apiVersionOf } from "../kubernetes/paths.ts";

/** One object that somebody holds; without a namespace it is the cluster's. */
export interface Held {
  kind: string;
  name: string;
  namespace?: string;
}

/**
 * What a Kustomization or HelmRelease holds, by its own list; undefined where it keeps none, as HelmReleases before Flux 2.8.
 * Entries are `<namespace>_<name>_<group>_<kind>`, with `__` for a colon in a name (fluxcd/pkg/ssa, object ID of cli-utils).
 */
export function inventoryOf({ status }: KubernetesObject): (Held & { apiVersion: string })[] | undefined {
  const { entries } = (status?.["inventory"] ?? {}) as { entries?: { id: string; v: string }[] };
  return entries?.map(({ id, v: version }) => {
    // The group may be empty, and a name's colon is two underlines: taken apart from both ends.
    const [, namespace = "", name = id, group = "", kind = ""] = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(id) ?? [];
    const apiVersion = apiVersionOf({ group, version });
    return { apiVersion, kind, name: name.replaceAll("__", ":"), ...(namespace !== "" && { namespace }) };
  });
}

/** Whether an object goes with a namespace: it lies in it, or is that Namespace. */
export function isWithin({ kind, name, namespace }: Held, ofNamespace: string): boolean {
  return namespace === ofNamespace || (namespace === undefined && kind === "Namespace" && name === ofNamespace);
}
