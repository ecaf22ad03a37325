import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A check that does not pass before the loss could not tell afterwards that all is well. */
export function failingChecks(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, failing }) =>
    (failing ?? []).map(({ check, found }) => ({
      guard: "failing-checks",
      component: name,
      message: `a check fails already: ${check}: ${found}`,
      hint: "Mend what it asks for, or correct the check in the plan.",
    })),
  );
}
