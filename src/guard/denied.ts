import type { Refusal } from "../report/record.ts";
import { destroyed, type Facts } from "./facts.ts";

/** Some things may not be destroyed even if they are listed: a server cannot live without them. */
export function denied(facts: Facts): Refusal[] {
  return destroyed(facts)
    .filter((component) => component.denied !== null)
    .map(({ name, target, kind, denied: why }) => ({
      guard: "denied",
      component: name,
      message: `${target} may never be destroyed: ${why}`,
      hint:
        kind === "namespace"
          ? "Protect another namespace: this one is never deleted, whatever a plan or the worker's configuration says."
          : kind === "workload"
            ? "Protect a workload of another namespace: nothing of this one is taken away, whatever a plan says."
            : "Protect another database, or use `--scenario none`, which restores beside the live one.",
    }));
}
