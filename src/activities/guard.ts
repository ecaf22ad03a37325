import { fail } from "../failures.ts";
import { claimsOf, type ComponentFacts, type Facts } from "../guard/facts.ts";
import { checkGuards } from "../guard/index.ts";
import { approvers } from "../report/approvals.ts";
import { requirePlanUnchanged } from "./plan-unchanged.ts";
import type { StepContext } from "./step.ts";
import type { Proof } from "./verbs.ts";

/**
 * The guards' second door: asks all of them again inside the step that destroys or moves away, with facts that were read
 * from the live target just now. Since the preflight a standby may have attached itself, or the target may have come back.
 * @param proof of this run's backup; null in a restore, which makes none
 * @throws REFUSED with the first refusal's hint, PLAN_CHANGED
 */
export async function requireClear(live: ComponentFacts, proof: Proof | null, context: StepContext): Promise<void> {
  const { type, scenario } = context.run;
  const { environment, approvals: wanted, freeze = [] } = await requirePlanUnchanged(context);
  const approvals = wanted === undefined ? null : { needed: wanted.destroy, by: stillCounting(wanted.within, context) };
  const verified: Facts["verified"] =
    proof === null ? [] : [{ component: live.name, backupId: proof.backupId, verifiedAt: proof.verifiedAt }];
  const unlocked = await context.unlocked(claimsOf([live]));
  // The backup has taken the space that was asked for before it was made.
  const components = [{ ...live, space: null }];
  const refusals = checkGuards({
    type,
    scenario,
    environment,
    stage: "destroy",
    components,
    verified,
    unlocked,
    approvals,
    freeze,
    now: new Date().toISOString(),
  });
  if (refusals[0] === undefined) return;
  throw fail("REFUSED", refusals.map(({ message }) => message).join("; "), refusals[0].hint);
}

/** An approval may have become too old since the step began to wait for a decision. */
function stillCounting(withinMs: number, { run }: StepContext): string[] {
  const given = run.approvals ?? [];
  return approvers({ given, withinSeconds: withinMs / 1_000 }, new Date().toISOString());
}
