import { loadConfig } from "../../config.ts";
import { fail } from "../../failures.ts";
import type { RunType, Scenario } from "../../report/record.ts";
import { shellWord } from "../../report/safe-text.ts";
import { conclude } from "../conclude.ts";
import { note, print, printJson } from "../console.ts";
import { followRun } from "../live.ts";
import { exitCodes } from "../outcome.ts";
import { confirmDestruction, personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { start, workerPolls } from "../runs.ts";
import { withTemporal } from "../with-temporal.ts";

export interface RunOptions {
  component?: string[];
  scenario?: Scenario;
  /** ISO 8601 in UTC. */
  toTime?: string;
  by?: string;
  reason?: string;
  id?: string;
  detach?: boolean;
  json?: boolean;
  yes?: boolean;
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
  const { taskQueue, plans } = loadConfig();
  requireName(plan, plans);
  const by = personName(options.by);
  const { component: components, scenario, toTime, reason = "no reason given" } = options;
  if (type === "exercise" && scenario !== "none" && options.yes !== true) await confirmDestruction(plan, components);

  return await withTemporal(async (client) => {
    if (!(await workerPolls(client, taskQueue))) {
      note(`no worker asks for work on task queue ${taskQueue}; the run waits for one: ${programName} worker`);
    }
    const workflowId = options.id ?? newId(type, plan);
    const request = { plan, scenario, components, toTime, by, reason };
    const runId = await start(client, type, { taskQueue, workflowId, request });
    if (options.detach === true) {
      if (options.json === true) printJson({ workflowId, runId });
      else print(`started ${workflowId}\nfollow it: ${programName} status ${shellWord(workflowId)} --watch`);
      return exitCodes.done;
    }
    const out = options.json === true ? process.stderr : process.stdout;
    const record = await followRun({ client, workflowId, runId, out });
    if (options.json === true) printJson(record);
    const handle = client.workflow.getHandle(workflowId, runId);
    return await conclude(client, handle, record, options.json === true, exitCodes.left);
  });
}
