import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A volume goes only when nobody uses it any more, and only the plan's own workload is stopped for that. */
export function inUse(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, storage }) => {
    const users = storage?.otherUsers ?? [];
    if (users.length === 0) return [];
    return [
      {
        guard: "in-use",
        component: name,
        message: `${target} is used by ${users.join(", ")}, which nobody would stop`,
        hint: "Name what makes these pods as the component's `workload`, or stop them yourself.",
      },
    ];
  });
}
