import type { Gitops } from "../../plan/cluster-schema.ts";
import { hasBegun, isSyncing, syncFailure } from "../argocd/layer.ts";
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
  /** It tries, and says nothing of how it failed last. */
  trying: boolean;
  object: KubernetesObject | undefined;
}

/** @param objects all of the layers' kind and namespace */
export function statesOf({ names }: Layers, objects: KubernetesObject[]): LayerState[] {
  return names.map((name) => {
    const object = objects.find(({ metadata }) => metadata.name === name);
    const silent = { name, ready: false, failed: false, trying: true, object };
    if (object === undefined) return { ...silent, found: "it is not there" };
    if (isHeld(object)) return { ...silent, found: "it is suspended" };
    const { status, message } = readiness(object);
    const ready = status === "ready";
    const failure = ready ? undefined : failureOf(object, message);
    const isQuiet = object.kind !== "Application" || isSyncing(object);
    const trying = !ready && failure === undefined && isQuiet;
    return { name, ready, failed: failure !== undefined, trying, found: failure ?? message, object };
  });
}

/** @param message what its readiness says */
function failureOf(object: KubernetesObject, message: string): string | undefined {
  if (object.kind === "Application") return syncFailure(object);
  // Flux does not count a version that it cannot apply as seen: why it cannot, says more.
  const said = conditionOf(object, "Ready");
  return said?.status === "False" ? (said.message ?? message) : undefined;
}

/** Nobody can undo what Argo CD has begun: whether a claim got an empty volume, the restore finds out. */
export function heldTooLate({ held }: Layers, objects: KubernetesObject[]): string {
  const early = objects.filter(
    (one) => one.kind === "Application" && held.includes(one.metadata.name) && hasBegun(one),
  );
  const names = early.map(({ metadata }) => metadata.name).join(", ");
  return names === "" ? "" : `; Argo CD had begun to sync ${names} before it could be held back`;
}

/** While Flux or Argo CD tries again, why it failed last is all that is known. */
export function rememberFailures(): (states: LayerState[]) => LayerState[] {
  const known = new Map<string, string>();
  return (states) =>
    states.map((state) => {
      const { name, failed, trying, found } = state;
      if (failed) known.set(name, found);
      else if (!trying) known.delete(name);
      return { ...state, found: known.get(name) ?? found };
    });
}
