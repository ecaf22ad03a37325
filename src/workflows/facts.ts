import type { Inspection, Proof } from "../activities/verbs.ts";
import type { Facts } from "../guard/facts.ts";
import type { RunRecord } from "../report/record.ts";
import { isCarried } from "./carry.ts";

/** What the guards need to know of a run: what its components' inspections found, and what else holds now. */
export function factsOf(
  record: RunRecord,
  inspections: Record<string, Inspection>,
  proofs: Record<string, Proof>,
  { needed, by }: { needed: number | undefined; by: string[] },
  more: Pick<Facts, "stage" | "unlocked" | "freeze" | "now">,
): Facts {
  const { type, scenario } = record.run;
  return {
    ...more,
    type,
    scenario,
    environment: record.plan.environment,
    verified: Object.entries(proofs).map(([component, { backupId, verifiedAt }]) => ({
      component,
      backupId,
      verifiedAt,
    })),
    // What is not touched any more needs nobody's leave.
    components: Object.values(inspections)
      .map(({ facts }) => facts)
      .filter(({ name }) => !isCarried(record, more.stage === "destroy" ? "destroy" : "inspect", name)),
    approvals: needed === undefined ? null : { needed, by },
  };
}
