import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** Objects that neither Git nor another object stands for are lost with their namespace, unless the plan accepts each by name. */
export function orphans(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, recovery }) => {
    const { names = [], more = 0 } = recovery?.orphans ?? {};
    if (names.length === 0) return [];
    const all = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return [
      {
        guard: "orphans",
        component: name,
        message: `nothing would make these objects of ${target} again: ${all}`,
        hint: "Put them into Git, or accept their loss in the component's `accepts`.",
      },
    ];
  });
}
