import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/**
 * By the policy Delete a volume goes with its claim, whoever deletes that: what a drill does on purpose would also be done by
 * any slip, and the restored volume is to be no worse than the one before.
 */
export function reclaimPolicy(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, storage }) => {
    const found = storage?.reclaimPolicy ?? null;
    if (found === null) return [];
    return [
      {
        guard: "reclaim-policy",
        component: name,
        message: `the data of ${target} goes with its claim: the reclaim policy of ${found.volume} is ${found.policy}`,
        hint: `Let it outlive its claim: kubectl patch pv ${found.volume} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
      },
    ];
  });
}
