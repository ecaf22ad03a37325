import type { Gitops } from "../../plan/cluster-schema.ts";
import { applications } from "../argocd/refresh.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
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
}

export function layersOf(gitops: Gitops): Layers {
  const { namespace } = gitops;
  if (gitops.kind === "flux") return { kind: kustomizations, namespace, names: gitops.layers };
  return { kind: applications, namespace, names: gitops.applications };
}

export interface LayerState {
  name: string;
  ready: boolean;
  /** What it says of itself. */
  found: string;
  object: KubernetesObject | undefined;
}

/** @param objects all of the layers' kind and namespace */
export function statesOf({ names }: Layers, objects: KubernetesObject[]): LayerState[] {
  return names.map((name) => {
    const object = objects.find(({ metadata }) => metadata.name === name);
    if (object === undefined) return { name, ready: false, found: "it is not there", object };
    if (object.spec?.["suspend"] === true) return { name, ready: false, found: "it is suspended", object };
    const { status, message } = readiness(object);
    return { name, ready: status === "ready", found: message, object };
  });
}
