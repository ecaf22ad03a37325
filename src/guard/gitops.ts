import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";
import { leftOut } from "./left-out.ts";

/**
 * What GitOps does not look after is not rebuilt by it: a suspended Kustomization, a release that does not look for drift. And
 * what it holds from within the namespace would go with it, wherever that is.
 */
export function gitops(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap((component) => [
    ...(component.recovery?.gitops ?? []).map(({ problem, hint, beyond }) => ({
      guard: "gitops",
      component: component.name,
      message: `${component.target} ${beyond === true ? "would not go alone" : "would not come back"}: ${problem}`,
      hint,
    })),
    ...leftOut("gitops", component),
  ]);
}
