import { describe, type Problem } from "../flux/holds.ts";
import { type Held, inventoryOf, isWithin } from "../flux/inventory.ts";
import { releaseOf } from "../flux/release.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";

/**
 * What lies in the namespace and would take along what lies outside of it: Flux and Argo CD delete what a Kustomization, a
 * HelmRelease or an Application holds when that itself is deleted, wherever that is. Pure.
 */
export function cascades(namespace: string, gitops: KubernetesObject[], objects: KubernetesObject[]): Problem[] {
  return gitops
    .filter(({ metadata }) => metadata.namespace === namespace)
    .flatMap((one) => cascadeOf(one, namespace, objects));
}

function cascadeOf(object: KubernetesObject, namespace: string, objects: KubernetesObject[]): Problem[] {
  const { kind } = object;
  if (kind !== "Kustomization" && kind !== "HelmRelease" && kind !== "Application") return [];
  const { takesAlong, heldBy, hint } = ways[kind];
  if (!takesAlong(object)) return [];
  const held = heldBy(object, objects);
  if (held === undefined)
    return [
      {
        problem: `deleting ${describe(object)} with the namespace would delete all of its release, and nothing here tells what of that lies outside`,
        hint: "Move the HelmRelease out of the namespace (with targetNamespace), or use Flux 2.8 or newer, which keeps a list of it.",
        beyond: true,
      },
    ];
  // Whatever has the same namespace in another cluster is outside as well.
  const outside = held.filter((one) => isRemote(object) || !isWithin(one, namespace));
  if (outside.length === 0) return [];
  const names = outside.slice(0, 3).map((one) => [one.kind, one.namespace, one.name].filter(Boolean).join("/"));
  const what = `${outside.length} object${outside.length === 1 ? "" : "s"}`;
  const more = outside.length > names.length ? " …" : "";
  return [
    {
      problem: `deleting ${describe(object)} with the namespace would delete ${what} outside of it: ${names.join(", ")}${more}`,
      hint,
      beyond: true,
    },
  ];
}

interface Way {
  takesAlong: (object: KubernetesObject) => boolean;
  /** Undefined where nobody knows. */
  heldBy: (object: KubernetesObject, objects: KubernetesObject[]) => Held[] | undefined;
  hint: string;
}

/** How each kind goes. Without its finalizer it just vanishes, and while it is suspended Flux deletes nothing. */
const ways: Record<"Kustomization" | "HelmRelease" | "Application", Way> = {
  Kustomization: {
    takesAlong: (object) => ofFlux(object) && prunes(object),
    heldBy: (object) => inventoryOf(object) ?? [],
    hint: "Move the Kustomization out of the namespace, or set its `deletionPolicy: Orphan`.",
  },
  HelmRelease: {
    takesAlong: ofFlux,
    heldBy: (object, objects) => inventoryOf(object) ?? releaseOf(object, objects),
    hint: "Move the HelmRelease out of the namespace (with targetNamespace), or let another release bring what lies outside.",
  },
  Application: {
    takesAlong: ({ metadata: { finalizers = [] } }) =>
      finalizers.some((one) => one.startsWith("resources-finalizer.argocd.argoproj.io")),
    heldBy: ({ status }) => (status?.["resources"] ?? []) as Held[],
    hint: "Move the Application out of the namespace, or remove its resources-finalizer.",
  },
};

function ofFlux({ metadata: { finalizers = [] }, spec }: KubernetesObject): boolean {
  return finalizers.includes("finalizers.fluxcd.io") && spec?.["suspend"] !== true;
}

/** Without a policy of its own it deletes what it holds when it prunes. */
function prunes({ spec }: KubernetesObject): boolean {
  const policy = (spec?.["deletionPolicy"] ?? "MirrorPrune") as string;
  return policy === "MirrorPrune" ? spec?.["prune"] === true : policy !== "Orphan";
}

function isRemote({ kind, spec }: KubernetesObject): boolean {
  if (kind !== "Application") return spec?.["kubeConfig"] !== undefined;
  const { server, name } = (spec?.["destination"] ?? {}) as { server?: string; name?: string };
  return (server ?? "") === ""
    ? (name ?? "in-cluster") !== "in-cluster"
    : !server!.includes("//kubernetes.default.svc");
}
