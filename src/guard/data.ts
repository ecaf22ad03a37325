import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** What is restored into a namespace's new server must have been lost with it, and nobody may write there meanwhile. */
export function data(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, misplaced = [] }) =>
    misplaced.map(({ problem, hint }) => ({
      guard: "data",
      component: name,
      message: `${target} is not wholly the namespace's own: ${problem}`,
      hint,
    })),
  );
}
