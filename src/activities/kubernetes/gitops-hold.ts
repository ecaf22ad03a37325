import type { KubernetesObject } from "./object.ts";

/** How GitOps is kept from what an object of its makes, and let go on: Flux by `spec.suspend`, Argo CD's controller by an annotation. */

/** The controller leaves alone an Application that has it with "true", or how else Go writes that. */
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
  return spec?.["suspend"] === true || isTrue.test(metadata.annotations?.[skipReconcile] ?? "");
}

/** As Go reads it. */
const isTrue = /^(1|t|T|true|TRUE|True)$/;
