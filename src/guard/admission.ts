import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";
import { leftOut } from "./left-out.ts";

/** What the API server would not let in again: a webhook that nobody can answer for, a quota without room. */
export function admission(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap((component) => [
    ...(component.recovery?.admission ?? []).map(({ problem, hint }) => ({
      guard: "admission",
      component: component.name,
      message: `${component.target} would not be let in again: ${problem}`,
      hint,
    })),
    ...leftOut("admission", component),
  ]);
}
