import { describeFailure, fail } from "../../failures.ts";
import { loadPlanFile } from "../../plan/load.ts";
import { print } from "../console.ts";
import { exitCodes } from "../outcome.ts";

/** Throws PLAN_NOT_FOUND, or PLAN_INVALID with all problems. */
export async function checkPlan(file: string): Promise<number> {
  const { plan } = await loadPlanFile(file).catch((error: unknown) => {
    const { type, message } = describeFailure(error);
    // Its usual hint is to call the command that is running right now.
    throw type === "PLAN_INVALID" ? fail(type, message, "Correct the file, then check it again.") : error;
  });
  const names = plan.components.map(({ name }) => name).join(", ");
  print(`ok: plan ${plan.name} (${plan.environment}) protects ${names}`);
  return exitCodes.done;
}
