import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** What the worker's own configuration does not list is never destroyed, whatever a plan says. */
export function allowList(facts: Facts): Refusal[] {
  return destroyed(facts)
    .filter(({ listed }) => !listed)
    .map(({ name, target, listLine }) => ({
      guard: "allow-list",
      component: name,
      message: `the worker's configuration does not list ${target} among what it may destroy`,
      hint: `If it may be destroyed, add this line to mayDestroy of the worker's configuration: ${listLine}`,
    }));
}
