import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/**
 * What a recovery needs must not be lost together with the target. An exercise that destroys nothing is refused too:
 * it would call a backup proven that the real loss takes along.
 */
export function blastRadius(facts: Facts): Refusal[] {
  const touched = facts.type === "exercise" ? facts.components : destroyed(facts);
  return touched
    .filter(({ insideTarget }) => insideTarget.length > 0)
    .map(({ name, target, insideTarget }) => ({
      guard: "blast-radius",
      component: name,
      message: `${insideTarget.join(", ")} would be lost together with ${target}`,
      hint: "Move it out of the target, to another directory and better to another machine, and correct the plan.",
    }));
}
