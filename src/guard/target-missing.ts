import type { Refusal } from "../report/record.ts";
import type { Facts } from "./facts.ts";

/** What is not there cannot be backed up, and destroying it would prove nothing. */
export function targetMissing({ type, components }: Facts): Refusal[] {
  if (type === "restore") return [];
  return (
    components
      // Of a layer of infrastructure the guard empty-state says it.
      .filter(({ exists, infrastructure }) => !exists && infrastructure === undefined)
      .map(({ name, kind, target }) => ({
        guard: "target-missing",
        component: name,
        message: `${target} does not exist`,
        hint:
          kind === "namespace"
            ? "Correct the plan; if it was lost for real, bring it back with `firedrill restore PLAN --scenario namespace`."
            : kind === "workload"
              ? "Correct the plan; if it was lost for real, apply it again, or let GitOps do so."
              : "Correct the plan; if it was lost for real, bring it back with `firedrill restore PLAN`.",
      }))
  );
}
