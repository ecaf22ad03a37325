import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A workload, or a cluster, that is not whole as it is could not be told later from one that did not come back. */
export function unready(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, workload }) => {
    const trouble = workload?.trouble ?? null;
    if (trouble === null) return [];
    return [
      {
        guard: "unready",
        component: name,
        message: `${target} is not whole before anything is taken away: ${trouble}`,
        hint: "Let all of it become ready, then start again.",
      },
    ];
  });
}
