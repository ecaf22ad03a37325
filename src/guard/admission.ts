import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** What the API server would not let in again: a webhook that nobody can answer for, a quota without room. */
export function admission(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, recovery }) =>
    (recovery?.admission ?? []).map(({ problem, hint }) => ({
      guard: "admission",
      component: name,
      message: `${target} would not be let in again: ${problem}`,
      hint,
    })),
  );
}
