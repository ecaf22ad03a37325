import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts, named } from "./facts.ts";

/** What its own code protects with prevent_destroy, somebody wanted to keep. */
export function protectedResources(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, infrastructure }) =>
    infrastructure === undefined || infrastructure.protected.names.length === 0
      ? []
      : [
          {
            guard: "protected-resources",
            component: name,
            message: `${target} has resources with prevent_destroy: ${named(infrastructure.protected)}`,
            hint: "Move what must stay into a layer that no run destroys, or take `prevent_destroy` out of its code.",
          },
        ],
  );
}
