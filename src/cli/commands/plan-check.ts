import { describeFailure, fail, failureTypes } from "../../failures.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { readPlanFile } from "../plan-file.ts";

/** Throws PLAN_NOT_FOUND, or PLAN_INVALID with all problems. */
export async function checkPlan(file: string, { json = false }: { json?: boolean }): Promise<number> {
  const { plan } = await readPlanFile(file).catch((error: unknown) => {
    const { message, hint } = describeFailure(error);
    // Its usual hint is to call the command that is running right now.
    const usual = failureTypes.PLAN_INVALID.hint;
    throw hint === usual ? fail("PLAN_INVALID", message, "Correct the file, then check it again.") : error;
  });
  const { name, environment } = plan;
  const components = plan.components.map((component) => component.name);
  if (json) printJson({ ok: true, plan: name, environment, components });
  else print(`ok: plan ${name} (${environment}) protects ${components.join(", ")}`);
  return exitCodes.done;
}
