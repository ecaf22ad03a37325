import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** A drill that finds nothing to destroy looks into the wrong place, and would call a recovery proven that did not happen. */
export function emptyState({ type, scenario, components }: Facts): Refusal[] {
  if (type !== "exercise" || scenario === "none") return [];
  return components
    .filter(({ infrastructure }) => infrastructure !== undefined && !(infrastructure.resources > 0))
    .map(({ name, target }) => ({
      guard: "empty-state",
      component: name,
      message: `there is nothing to destroy: ${target} has no resources`,
      hint: "Check the layer's directory, workspace and backend; if it is lost for real, run `firedrill restore`.",
    }));
}
