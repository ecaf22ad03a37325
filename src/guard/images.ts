import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";
import { leftOut } from "./left-out.ts";

/** An image that is gone from its registry is found here, and not by a pod that waits for it after the destruction. */
export function images(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap((component) => [
    ...(component.recovery?.images ?? []).map(({ image, usedBy, why, hint }) => ({
      guard: "images",
      component: component.name,
      message: `image ${image} cannot be pulled (${why}), so that ${usedBy} would not start again`,
      hint,
    })),
    ...leftOut("images", component),
  ]);
}
