import { argoHolders, argoProblems } from "../argocd/holds.ts";
import { fluxHolders, type Holder, problemsOf, type Problem } from "../flux/holds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { cascades } from "./cascade.ts";
import type { Survey } from "./survey.ts";

/** Who would make a namespace again, and what would keep them from it. */
export interface GitOps {
  flux: Holder[];
  argo: Holder[];
  /** "Kustomization flux-system/apps", by "Deployment/shop". */
  managers: Map<string, string>;
  problems: Problem[];
}

export function gitopsOf(namespace: string, { objects, gitops }: Pick<Survey, "objects" | "gitops">): GitOps {
  const flux = fluxHolders(namespace, objects, gitops);
  const argo = argoHolders(namespace, gitops);
  const all = [...flux, ...argo];
  const managers = new Map(all.flatMap(({ name, holds }) => holds.map((held) => [held, name] as const)));
  const problems = [
    ...cascades(namespace, gitops, objects),
    ...nobodyMakesIt(namespace, all, managers),
    ...flux.flatMap((holder) => problemsOf(holder, namespace, gitops)),
    ...argo.flatMap(argoProblems),
    ...objects.flatMap(leftOut),
  ];
  return { flux, argo, managers, problems };
}

function nobodyMakesIt(namespace: string, all: Holder[], managers: Map<string, string>): Problem[] {
  if (managers.has(`Namespace/${namespace}`)) return [];
  const outside = all.filter(({ object }) => object.metadata.namespace !== namespace);
  if (outside.length === 0)
    return [
      {
        problem: "neither Flux nor Argo CD holds anything of it",
        hint: "Let a Kustomization, HelmRelease or Application outside of it make the namespace and what is in it.",
      },
    ];
  if (outside.some(({ object }) => makesItsNamespace(object))) return [];
  return [
    {
      problem: `nothing makes the Namespace itself again: ${outside.map(({ name }) => name).join(", ")} hold only what is in it`,
      hint: "Put the Namespace's manifest beside the others in Git, or set CreateNamespace.",
    },
  ];
}

function makesItsNamespace({ kind, spec }: KubernetesObject): boolean {
  return (
    kind === "HelmRelease" && (spec?.["install"] as { createNamespace?: boolean } | undefined)?.createNamespace === true
  );
}

/** Flux leaves alone what says so (kustomize-controller, "Controlling the apply behavior of resources"). */
function leftOut({ kind, metadata }: KubernetesObject): Problem[] {
  const disabled =
    (metadata.annotations?.["kustomize.toolkit.fluxcd.io/reconcile"] ??
      metadata.labels?.["kustomize.toolkit.fluxcd.io/reconcile"]) === "disabled";
  if (!disabled || !isOfFlux(metadata.labels)) return [];
  return [
    {
      problem: `Flux is told to leave ${kind}/${metadata.name} alone (kustomize.toolkit.fluxcd.io/reconcile: disabled)`,
      hint: "Remove that label or annotation.",
    },
  ];
}

function isOfFlux(labels: Record<string, string> | undefined): boolean {
  return labels?.["kustomize.toolkit.fluxcd.io/name"] !== undefined;
}
