import type { Gitops } from "../../plan/cluster-schema.ts";
import { applications } from "../argocd/refresh.ts";
import { isHeld } from "../kubernetes/gitops-hold.ts";
import { conditionOf, type KubernetesObject } from "../kubernetes/object.ts";
import type { Kind } from "../kubernetes/paths.ts";
import { readiness } from "../kubernetes/readiness.ts";

/** What of GitOps must be ready, as its objects say it themselves. Pure. */

const kustomizations: Kind = {
  group: "kustomize.toolkit.fluxcd.io",
  version: "v1",
  kind: "Kustomization",
  plural: "kustomizations",
  namespaced: true,
};

export interface Layers {
  kind: Kind;
  namespace: string;
  names: string[];
  /** Those that are held back until the data is there. */
  held: string[];
}

export function layersOf(gitops: Gitops): Layers {
  const { namespace, waitForData: held } = gitops;
  if (gitops.kind === "flux") return { kind: kustomizations, namespace, names: gitops.layers, held };
  return { kind: applications, namespace, names: gitops.applications, held };
}

export interface LayerState {
  name: string;
  ready: boolean;
  /** What it says of itself. */
  found: string;
  /** It says that it has failed, and why. */
  failed: boolean;
  object: KubernetesObject | undefined;
}

/** @param objects all of the layers' kind and namespace */
export function statesOf({ names }: Layers, objects: KubernetesObject[]): LayerState[] {
  return names.map((name) => {
    const object = objects.find(({ metadata }) => metadata.name === name);
    if (object === undefined) return { name, ready: false, failed: false, found: "it is not there", object };
    if (isHeld(object)) return { name, ready: false, failed: false, found: "it is suspended", object };
    const { status, message } = readiness(object);
    const said = conditionOf(object, "Ready");
    // Flux does not count a version that it cannot apply as seen: why it cannot, says more.
    const failed = status !== "ready" && said?.status === "False";
    return { name, ready: status === "ready", failed, found: failed ? (said.message ?? message) : message, object };
  });
}

/** While Flux tries again, which it does for ever, why it failed last is all that is known. */
export function rememberFailures(): (states: LayerState[]) => LayerState[] {
  const known = new Map<string, string>();
  return (states) =>
    states.map((state) => {
      const { name, ready, failed, found } = state;
      if (failed) known.set(name, found);
      if (ready) known.delete(name);
      return { ...state, found: known.get(name) ?? found };
    });
}
