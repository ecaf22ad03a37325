import { patched } from "@temporalio/workflow";
import type { Inspection, Proof } from "../activities/verbs.ts";
import type { Facts } from "../guard/facts.ts";
import type { Plan } from "../plan/schema.ts";
import { othersThan } from "../report/approvals.ts";
import type { RunRecord } from "../report/record.ts";
import { isCarried } from "./carry.ts";

/** What the guards need to know of a run: what its components' inspections found, and what else holds now. */
export function factsOf(
  record: RunRecord,
  inspections: Record<string, Inspection>,
  proofs: Record<string, Proof>,
  { wanted, by }: { wanted: Plan["approvals"]; by: string[] },
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
    approvals: wanted === undefined ? null : { needed: wanted.destroy, by, ...tooFew(record, wanted) },
  };
}

/** An audit destroys nothing, so nobody knows yet who would start the run that does. */
function tooFew({ run }: RunRecord, { destroy, from }: NonNullable<Plan["approvals"]>): { from?: string[] } {
  if (from === undefined || run.type === "audit") return {};
  const others = othersThan(run.by, from);
  // A run that began before there was this rule went on, and waits.
  return others.length < destroy && patched("enough-approvers") ? { from: others } : {};
}
