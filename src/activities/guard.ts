import { fail } from "../failures.ts";
import type { ComponentFacts, Facts } from "../guard/facts.ts";
import { checkGuards } from "../guard/index.ts";
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
  const { environment } = await requirePlanUnchanged(context);
  const verified: Facts["verified"] =
    proof === null ? [] : [{ component: live.name, backupId: proof.backupId, verifiedAt: proof.verifiedAt }];
  // Of locks the workflow knows, and has asked right before.
  // The backup has taken the space that was asked for before it was made.
  const components = [{ ...live, space: null }];
  const refusals = checkGuards({ type, scenario, environment, stage: "destroy", components, verified, unlocked: [] });
  if (refusals[0] === undefined) return;
  throw fail("REFUSED", refusals.map(({ message }) => message).join("; "), refusals[0].hint);
}
