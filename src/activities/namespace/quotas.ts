import type { Problem } from "../flux/holds.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { quantity } from "../kubernetes/quantity.ts";

type Amounts = Record<string, string>;

/**
 * Quotas that have less room than is used: what was there before a quota was made smaller stays, and would not be let in again. Pure.
 * @param wanted what must come back; a quota that is lost with the namespace holds nothing back
 */
export function quotaProblems(wanted: KubernetesObject[]): Problem[] {
  return wanted
    .filter(({ kind, apiVersion }) => kind === "ResourceQuota" && apiVersion === "v1")
    .flatMap(({ metadata, spec, status }) => {
      const hard = (spec?.["hard"] ?? {}) as Amounts;
      const used = (status?.["used"] ?? {}) as Amounts;
      const over = Object.keys(hard).filter((what) => quantity(used[what] ?? "") > quantity(hard[what]!));
      if (over.length === 0) return [];
      const amounts = over.map((what) => `${what} ${used[what]!} of ${hard[what]!}`).join(", ");
      return [
        {
          problem: `ResourceQuota/${metadata.name} is used beyond what it allows (${amounts}): not all that is there would be let in again`,
          hint: "Make the quota larger in Git, or let the namespace use less, before a drill.",
        },
      ];
    });
}
