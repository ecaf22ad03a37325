import type { KubernetesObject } from "../kubernetes/object.ts";

/** Whose a value of an object is, as the API server keeps it in metadata.managedFields (server-side apply). Pure. */

/** By "f:<key>", "k:<values of keys>" or "v:<value>"; one without entries stands for all below it. */
export interface Fields {
  [step: string]: Fields;
}

/** What somebody has written, at some place of an object. */
export interface Claim {
  manager: string;
  fields: Fields;
}

/** What writes what Git says: Flux, Argo CD, and who applies manifests by kubectl. */
const ofGit = new Set([
  "kustomize-controller",
  "helm-controller",
  "argocd-controller",
  "argocd-application-controller",
  "kubectl-client-side-apply",
]);
/** Programs that people sit at. A controller that calls itself kubectl is told from them by nobody. */
const byHand = /^(kubectl|k9s|lens|openlens|freelens|headlamp|mozilla)/i;

export const isOfGit = ({ manager }: Claim): boolean => ofGit.has(manager);
export const isByHand = (claim: Claim): boolean => byHand.test(claim.manager) && !isOfGit(claim);

/** Of what was written in another version of the API than the object is read in, the names of fields tell nothing. */
export function claimsOn({ apiVersion, kind, metadata }: KubernetesObject): Claim[] {
  return (metadata.managedFields ?? [])
    .filter((one) => one.subresource !== "status" && one.apiVersion === apiVersion)
    .map(({ manager, fieldsV1 = {} }) => ({
      manager,
      fields: kind === "Secret" ? withPlainData(fieldsV1 as Fields) : (fieldsV1 as Fields),
    }));
}

/** What is applied as `stringData` is read as `data`, and the API server keeps the name under which it came. */
function withPlainData({ "f:stringData": plain, ...fields }: Fields): Fields {
  return plain === undefined ? fields : { ...fields, "f:data": { ...fields["f:data"], ...plain } };
}

export function claimsOnKey(claims: Claim[], key: string): Claim[] {
  return below(claims, () => `f:${key}`);
}

/** @returns besides a name of the item that stays when others come before it; where its list has none that is its number */
export function claimsOnItem(claims: Claim[], item: unknown, index: number): { claims: Claim[]; name: string } {
  const isOfItem = (step: string) => isNamedBy(step, item);
  const step = claims.flatMap(({ fields }) => Object.keys(fields)).find((one) => one.startsWith("k:") && isOfItem(one));
  return {
    claims: below(claims, (fields) => Object.keys(fields).find(isOfItem)),
    name: step === undefined ? `${index}` : Object.values(JSON.parse(step.slice(2)) as object).join("/"),
  };
}

function below(claims: Claim[], stepIn: (fields: Fields) => string | undefined): Claim[] {
  return claims.flatMap(({ manager, fields }) => {
    if (Object.keys(fields).length === 0) return [{ manager, fields }];
    const inner = fields[stepIn(fields) ?? ""];
    return inner === undefined ? [] : [{ manager, fields: inner }];
  });
}

function isNamedBy(step: string, item: unknown): boolean {
  if (step.startsWith("v:")) return step.slice(2) === JSON.stringify(item);
  if (!step.startsWith("k:") || typeof item !== "object" || item === null) return false;
  const keys = Object.entries(JSON.parse(step.slice(2)) as object);
  return keys.every(([key, value]) => (item as Record<string, unknown>)[key] === value);
}
