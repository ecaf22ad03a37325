import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** The same directory and workspace may lead to another state: of a new backend, or one that somebody has made anew. */
export function stateIdentity(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, listLine, infrastructure }) =>
    infrastructure === undefined || infrastructure.strangers.length === 0
      ? []
      : [
          {
            guard: "state-identity",
            component: name,
            message: `the worker's configuration lists ${target} with another state than lineage ${infrastructure.strangers.join(", ")}`,
            hint: `Find out whose state this is. If it may be destroyed, add this line to mayDestroy: ${listLine}`,
          },
        ],
  );
}
