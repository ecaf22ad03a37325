import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A claim goes with its namespace, and by the reclaim policy Delete its data with the claim. */
export function volumes(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, recovery }) =>
    (recovery?.volumes ?? []).map(({ claim, why }) => ({
      guard: "volumes",
      component: name,
      message: `the data of ${claim} would be deleted: ${why}`,
      hint: `Set the reclaim policy of its PersistentVolume to Retain, or accept the loss in the component's \`loses\`.`,
    })),
  );
}
