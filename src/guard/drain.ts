import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** A drain takes away more than the workload: whatever else runs on the node, and the place for it. */
export function drain(facts: Facts): Refusal[] {
  return destroyed(facts).flatMap(({ name, target, workload }) =>
    (workload?.drain ?? []).map(({ problem, hint }) => ({
      guard: "drain",
      component: name,
      message: `the node of ${target} cannot be drained: ${problem}`,
      hint,
    })),
  );
}
