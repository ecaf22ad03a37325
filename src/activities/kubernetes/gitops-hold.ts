import type { KubernetesObject } from "./object.ts";

/** How GitOps is kept from what an object of its makes, and let go on: Flux by `spec.suspend`, Argo CD's controller by an annotation. */

/** The controller leaves alone an Application that has it with "true". */
export const skipReconcile = "argocd.argoproj.io/skip-reconcile";

const argoCd = [
  { metadata: { annotations: { [skipReconcile]: "true" } } },
  { metadata: { annotations: { [skipReconcile]: null } } },
] as const;
const flux = [{ spec: { suspend: true } }, { spec: { suspend: false } }] as const;

/** Merge patches: the first holds, the second lets go. @param kind of the object: Application, or one of Flux's */
export function holdPatches(kind: string): readonly [on: object, off: object] {
  return kind === "Application" ? argoCd : flux;
}

export function isHeld({ spec, metadata }: KubernetesObject): boolean {
  return spec?.["suspend"] === true || metadata.annotations?.[skipReconcile] === "true";
}
