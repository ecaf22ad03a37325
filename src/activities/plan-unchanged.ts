import { describeFailure, fail } from "../failures.ts";
import { findPlan, type LoadedPlan } from "../plan/load.ts";
import type { Plan } from "../plan/schema.ts";
import type { StepContext } from "./step.ts";

/**
 * A run keeps to the plan that it read at its start, for days if it has to wait. Who changes the plan meanwhile, perhaps to
 * save the target, must not be overtaken by it: call this right before something is destroyed.
 * @throws PLAN_CHANGED
 */
export async function requirePlanUnchanged({ config, run }: Pick<StepContext, "config" | "run">): Promise<Plan> {
  let found: LoadedPlan;
  try {
    found = await findPlan(config.plans, run.plan);
  } catch (error) {
    const message = `the plan that this run began with is there no more: ${describeFailure(error).message}`;
    throw changed(message, run.approvals !== undefined);
  }
  const { plan, sha256 } = found;
  if (sha256 === run.planSha256) return plan;
  const message = `plan ${run.plan} was changed since this run began (its sha256 is ${sha256.slice(0, 16)}… now)`;
  throw changed(message, run.approvals !== undefined || plan.approvals !== undefined);
}

function changed(message: string, isApproved: boolean): Error {
  const hint = "It was approved as it was: put it back and retry, or abort and start a new run with new approvals.";
  return fail("PLAN_CHANGED", message, isApproved ? hint : undefined);
}
