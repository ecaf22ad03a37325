import { loadConfig } from "../../config.ts";
import { fail } from "../../failures.ts";
import type { RunType, Scenario } from "../../report/record.ts";
import { checkId } from "../../workflows/request.ts";
import { begin, type Following } from "../begin.ts";
import { confirmDestruction, type Confirmation, targetsOf } from "../confirm.ts";
import { personName } from "../person.ts";
import { withTemporal } from "../with-temporal.ts";

export interface RunOptions extends Following, Confirmation {
  component?: string[];
  scenario?: Scenario;
  /** ISO 8601 in UTC. */
  toTime?: string;
  by?: string;
  reason?: string;
  id?: string;
}

function requireName(plan: string, directory: string): void {
  if (!/[/\\]|\.ya?ml$/.test(plan)) return;
  const name = plan.replace(/^.*[/\\]/, "").replace(/\.ya?ml$/, "");
  const hint = `Plans live with the worker (here: ${directory}): put the file there and say its name, ${name}.`;
  throw fail("REQUEST_INVALID", `${plan} is a file, and a run takes the name of a plan`, hint);
}

/** "exercise-shop-20261121-031245": readable, and short enough to be typed. */
function newId(type: RunType, plan: string): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${type}-${plan}-${now}`;
}

/** Starts a run and follows it to its end. Throws REQUEST_INVALID, SYSTEM_UNREACHABLE and the run's own failure. */
export async function startRun(type: RunType, plan: string, options: RunOptions): Promise<number> {
  const { plans } = loadConfig();
  requireName(plan, plans);
  const by = personName(options.by);
  if (options.id !== undefined) checkId(options.id);
  const { scenario, toTime, reason = "no reason given" } = options;
  let { component: components } = options;
  if (type === "exercise" && scenario !== "none") {
    const destroyed = await targetsOf(plan, components, scenario ?? "database");
    await confirmDestruction(destroyed.targets, options);
    ({ components } = destroyed);
  }

  return await withTemporal(async (client) => {
    const workflowId = options.id ?? newId(type, plan);
    return await begin(client, type, workflowId, { plan, scenario, components, toTime, by, reason }, options);
  });
}
