import type { Problem } from "../flux/holds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { policyOf, statusOf } from "./holds.ts";

/** An Application as a layer of a whole cluster: what it says of itself. Pure. */

/**
 * Why what is in Git is not in the cluster; undefined where it says nothing of the sort. Of two tries the text is the same, so that
 * trying alone does not look like movement.
 */
export function syncFailure(object: KubernetesObject): string | undefined {
  const { conditions = [], operationState } = statusOf(object);
  const comparison = conditions.find(({ type }) => type === "ComparisonError" || type === "InvalidSpecError");
  if (comparison !== undefined) return `${comparison.type}: ${comparison.message}`;
  const { phase = "", message = "", finishedAt, syncResult } = operationState ?? {};
  const resource = syncResult?.resources?.find(({ status }) => status === "SyncFailed");
  if (resource !== undefined) return `${resource.kind}/${resource.name}: ${resource.message}`;
  const hasFailed = phase === "Failed" || phase === "Error" || (phase === "Running" && (finishedAt ?? "") !== "");
  const said = hasFailed ? message : (conditions.find(({ type }) => type === "SyncError")?.message ?? "");
  return said === "" ? undefined : said.replaceAll(/\.? (Retrying attempt #\d+ at \S+|\(retried \d+ times\))\.?/g, "");
}

/** A sync runs, and how the one before it failed may be forgotten by now. */
export function isSyncing(object: KubernetesObject): boolean {
  return statusOf(object).operationState?.phase === "Running" || object["operation"] !== undefined;
}

/** Argo CD has begun to make what it holds, or is about to. */
export function hasBegun(object: KubernetesObject): boolean {
  return statusOf(object).operationState !== undefined || object["operation"] !== undefined;
}

/** Why it would not fill a new cluster, however well it is now. */
export function reluctance(object: KubernetesObject): Problem[] {
  const { kind, metadata } = object;
  const { automated } = policyOf(object);
  if (kind !== "Application" || (automated !== undefined && automated.enabled !== false)) return [];
  return [
    {
      problem: `layer ${metadata.name} has no automated sync: nobody would begin it in the new cluster`,
      hint: "Set spec.syncPolicy.automated of the Application.",
    },
  ];
}
