import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";
import { leftOut } from "./left-out.ts";

const usual =
  "Set the reclaim policy of its PersistentVolume to Retain, or accept the loss in the component's `loses`.";

/** A claim goes with its namespace, and by the reclaim policy Delete its data with the claim; with a cluster all of them go. */
export function volumes(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap((component) => [
    ...(component.recovery?.volumes ?? []).map(({ claim, why, hint }) => ({
      guard: "volumes",
      component: component.name,
      message: `the data of ${claim} would be deleted: ${why}`,
      hint: hint ?? usual,
    })),
    ...leftOut("volumes", component),
  ]);
}
