import chalk from "chalk";
import { meansMany } from "../../plan/many-volumes.ts";
import { holderOf } from "../../plan/namespace-data.ts";
import { outline, particularsOf, saysScenario } from "../../plan/outline.ts";
import type { StepOutline } from "../../plan/steps.ts";
import type { RunType, Scenario } from "../../report/record.ts";
import { choose } from "../../workflows/choose.ts";
import { checkRequest } from "../../workflows/request.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { readPlanFile } from "../plan-file.ts";

/** Throws PLAN_NOT_FOUND, PLAN_INVALID with all problems, REQUEST_INVALID for a run that the worker would not begin either. */
export async function showPlan(
  file: string,
  { type, scenario: wanted, json }: { type: RunType; scenario?: Scenario; json?: boolean },
): Promise<number> {
  const { plan } = await readPlanFile(file);
  const request = checkRequest(type, { plan: plan.name, scenario: wanted, by: "nobody", reason: "to be shown" });
  const { scenario } = request;
  const about = choose(plan, request, type);
  const components = about.map((one) => ({ ...one, holder: holderOf(one, about, scenario), many: meansMany(one) }));
  const steps = outline(type, scenario, components, particularsOf(plan));
  if (json === true) printJson({ plan: plan.name, type, scenario, steps });
  else {
    const aim = saysScenario(type, scenario) ? `, scenario ${scenario}` : "";
    print([chalk.bold(`${type} ${plan.name}${aim}: ${steps.length} steps`), ...lines(steps)].join("\n"));
  }
  return exitCodes.done;
}

function lines(steps: StepOutline[]): string[] {
  const width = Math.max(...steps.map(({ id }) => id.length));
  const numberWidth = String(steps.length).length;
  return steps.map(({ id, title, destroys, skippable }, index) => {
    const number = String(index + 1).padStart(numberWidth);
    const mark = destroys ? chalk.red("  DESTROYS") : skippable ? chalk.dim("  may be skipped") : "";
    return `${chalk.dim(number)}  ${id.padEnd(width)}  ${title}${mark}`;
  });
}
