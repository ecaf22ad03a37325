import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts, named } from "./facts.ts";

/** Objects that neither Git nor another object stands for are lost with their namespace, unless the plan accepts each by name. */
export function orphans(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, recovery }) => {
    if (recovery === undefined || recovery.orphans.names.length === 0) return [];
    return [
      {
        guard: "orphans",
        component: name,
        message: `nothing would make these objects of ${target} again: ${named(recovery.orphans)}`,
        hint: "Put them into Git, or accept their loss in the component's `accepts`.",
      },
    ];
  });
}
