import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts, named } from "./facts.ts";

/** A plan of destruction shows what would go. What nobody wrote down beforehand stays. */
export function unexpectedDestroys(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, infrastructure }) =>
    infrastructure === undefined || infrastructure.unexpected.names.length === 0
      ? []
      : [
          {
            guard: "unexpected-destroys",
            component: name,
            message: `destroying ${target} would destroy what the plan does not name: ${named(infrastructure.unexpected)}`,
            hint: "If all of it may go, add its addresses to `destroys:` of the layer; otherwise correct the layer's code.",
          },
        ],
  );
}
