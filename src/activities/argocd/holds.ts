import type { Holder, Problem } from "../flux/holds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { apiVersionOf } from "../kubernetes/paths.ts";

/** What Argo CD holds of a namespace, by the status of its Applications. Pure. */

interface Held {
  group?: string;
  version?: string;
  kind: string;
  name: string;
  namespace?: string;
  /** It is in Git no more: only the cluster still has it. */
  requiresPruning?: boolean;
}

interface Status {
  resources?: Held[];
  conditions?: { type: string; message: string }[];
  sync?: { status: string; revision?: string };
  operationState?: {
    phase: string;
    message?: string;
    /** Also of a try that failed, while the next one is waited for. */
    finishedAt?: string | null;
    syncResult?: { resources?: { kind: string; name: string; status?: string; message?: string }[] };
  };
}

export const statusOf = ({ status }: KubernetesObject) => (status ?? {}) as Status;

export interface SyncPolicy {
  automated?: { prune?: boolean; selfHeal?: boolean; enabled?: boolean };
  syncOptions?: string[];
}

export const policyOf = ({ spec }: KubernetesObject) => (spec?.["syncPolicy"] ?? {}) as SyncPolicy;

export function argoHolders(namespace: string, gitops: KubernetesObject[]): Holder[] {
  return gitops
    .filter(({ kind }) => kind === "Application")
    .map((object) => ({ object, name: `Application ${object.metadata.name}`, holds: heldBy(object, namespace) }))
    .filter(({ holds }) => holds.length > 0);
}

function heldBy(object: KubernetesObject, namespace: string): string[] {
  return heldByArgo(object, namespace).map(({ kind, name }) => `${kind}/${name}`);
}

/** All that an Application makes, as far as its status says. */
export function resourcesOf(
  object: KubernetesObject,
): (Pick<Held, "kind" | "name" | "namespace"> & { apiVersion: string })[] {
  return (statusOf(object).resources ?? [])
    .filter(({ requiresPruning }) => requiresPruning !== true)
    .map(({ group = "", version = "v1", kind, name, namespace }) => ({
      apiVersion: apiVersionOf({ group, version }),
      kind,
      name,
      ...(namespace !== undefined && { namespace }),
    }));
}

/** The objects of a namespace that an Application holds, the Namespace among them. */
export function heldByArgo(
  object: KubernetesObject,
  namespace: string,
): { apiVersion: string; kind: string; name: string }[] {
  const held = resourcesOf(object)
    .filter((one) => one.namespace === namespace || (one.kind === "Namespace" && one.name === namespace))
    .map(({ apiVersion, kind, name }) => ({ apiVersion, kind, name }));
  const destination = object.spec?.["destination"] as { namespace?: string } | undefined;
  // The Namespace is made with the first object in it, and is no resource of the Application.
  const makes = destination?.namespace === namespace && policyOf(object).syncOptions?.includes("CreateNamespace=true");
  const listed = held.some(({ kind }) => kind === "Namespace");
  return makes && held.length > 0 && !listed
    ? [{ apiVersion: "v1", kind: "Namespace", name: namespace }, ...held]
    : held;
}

/** Why what an Application holds would not come back, even if a sync is asked for. */
export function argoProblems({ object, name }: Holder): Problem[] {
  const { conditions = [], sync } = statusOf(object);
  const error = conditions.find(({ type }) => /(ComparisonError|InvalidSpecError|SyncError)$/.test(type));
  if (error !== undefined)
    return [
      {
        problem: `${name} has a ${error.type}: ${error.message}`,
        hint: "Mend what it names, then refresh the Application.",
      },
    ];
  if (object.metadata.deletionTimestamp !== undefined)
    return [{ problem: `${name} is being deleted itself`, hint: "Find out who deletes it." }];
  return sync?.status === "Unknown"
    ? [
        {
          problem: `${name} cannot compare the cluster with Git`,
          hint: "Look at its repository's credentials and address.",
        },
      ]
    : [];
}

/** Revision that an Application was last compared with. */
export function argoRevision(object: KubernetesObject): string {
  return statusOf(object).sync?.revision ?? "";
}
