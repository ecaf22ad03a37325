import { type Client, type ScheduleDescription, ScheduleOverlapPolicy } from "@temporalio/client";
import { loadConfig } from "../../config.ts";
import { describeFailure, fail } from "../../failures.ts";
import { findPlan } from "../../plan/load.ts";
import { shellWord, visible } from "../../report/safe-text.ts";
import { applySchedules, type Change } from "../../schedule/apply.ts";
import { define, partsOfId } from "../../schedule/define.ts";
import { findSchedules } from "../../schedule/find.ts";
import type { Request } from "../../workflows/request.ts";
import { confirmDestruction, type Confirmation, targetsOf } from "../confirm.ts";
import { print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { personName } from "../person.ts";
import { programName } from "../program-name.ts";
import { listed, listLines } from "../schedule-list.ts";
import { withTemporal } from "../with-temporal.ts";

interface Options {
  /** Only the schedule of this name. */
  name?: string;
  json?: boolean;
}

/** Throws PLAN_NOT_FOUND, PLAN_INVALID, REQUEST_INVALID. */
export async function applyPlan(plan: string, { json = false }: Options): Promise<number> {
  const { plans, taskQueue } = loadConfig();
  const found = await findPlan(plans, plan).catch((error: unknown) => explainGone(error, plan, taskQueue));
  const changes = await withTemporal((client) => applySchedules(client, found.plan, taskQueue));
  if (json) printJson(changes);
  else print(changes.length === 0 ? `plan ${plan} has no schedule` : changes.map(changeLine).join("\n"));
  return exitCodes.done;
}

/** A plan that was removed leaves its schedules on the server, and they go on. */
async function explainGone(error: unknown, plan: string, taskQueue: string): Promise<never> {
  const { type, message, hint } = describeFailure(error);
  if (type !== "PLAN_NOT_FOUND") throw error;
  const left = await withTemporal((client) => findSchedules(client, taskQueue, { plan }));
  if (left.length === 0) throw error;
  const more = `Its schedules go on; to end them: \`${programName} schedule delete ${shellWord(plan)}\`.`;
  throw fail("PLAN_NOT_FOUND", message, `${hint} ${more}`);
}

const changeLine = ({ id, did }: Change) => `${did.padEnd("unchanged".length)}  ${id}`;

/** Lists the schedules of a plan, or of all plans. Throws REQUEST_INVALID when a plan has none. */
export async function listSchedules(plan: string | undefined, { json = false }: Options): Promise<number> {
  const { taskQueue } = loadConfig();
  const schedules = await withTemporal(async (client) => {
    const found = plan === undefined ? await findSchedules(client, taskQueue, {}) : await choose(client, plan);
    return await Promise.all(found.map((one) => listed(client, taskQueue, one)));
  });
  if (json) printJson(schedules);
  else if (schedules.length === 0) print("there is no schedule");
  else print(schedules.map((one) => listLines(visible(one)).join("\n")).join("\n\n"));
  return exitCodes.done;
}

/** Lets a schedule begin no further runs, or begin them again. Throws REQUEST_INVALID. */
export async function pauseSchedules(
  action: "pause" | "unpause",
  plan: string,
  { name, by, reason, json = false }: Options & { by?: string; reason: string },
): Promise<number> {
  const note = `${action}d by ${personName(by)}: ${reason}`;
  return await each(plan, name, `${action}d`, json, async (client, { scheduleId }) => {
    await client.schedule.getHandle(scheduleId)[action](note);
  });
}

/**
 * Begins now what the schedules of a plan would begin at their times. Throws REQUEST_INVALID where one is still under way, as
 * its next run is left out then, and unless what is destroyed was named.
 */
export async function runSchedules(
  plan: string,
  { name, json = false, ...confirmation }: Options & Confirmation,
): Promise<number> {
  const confirm = async (found: ScheduleDescription[]) => {
    for (const { scheduleId, info } of found) requireIdle(scheduleId, info.runningActions);
    const requests = found.filter(({ action }) => action.workflowType === "exercise").map(requestOf);
    for (const scenario of new Set(requests.map(({ scenario: lost = "database" }) => lost)))
      if (scenario !== "none")
        await confirmDestruction((await targetsOf(plan, undefined, scenario)).targets, confirmation);
  };
  return await each(
    plan,
    name,
    "begun",
    json,
    async (client, { scheduleId }) => {
      await client.schedule.getHandle(scheduleId).trigger(ScheduleOverlapPolicy.SKIP);
    },
    confirm,
  );
}

const requestOf = ({ action }: ScheduleDescription) => (action.args?.[0] ?? {}) as Partial<Request>;

function requireIdle(id: string, running: ScheduleDescription["info"]["runningActions"]): void {
  if (running[0] === undefined) return;
  const { workflowId } = running[0].workflow;
  const hint = `Follow it: \`${programName} status ${shellWord(workflowId)} --watch\`.`;
  throw fail("REQUEST_INVALID", `run ${workflowId} of schedule ${id} is still under way`, hint);
}

/** Throws REQUEST_INVALID. */
export async function deleteSchedules(plan: string, { name, json = false }: Options): Promise<number> {
  return await each(plan, name, "deleted", json, async (client, { scheduleId }) => {
    await client.schedule.getHandle(scheduleId).delete();
  });
}

async function each(
  plan: string,
  name: string | undefined,
  did: string,
  json: boolean,
  work: (client: Client, schedule: ScheduleDescription) => Promise<void>,
  before: (schedules: ScheduleDescription[]) => Promise<void> = async () => undefined,
): Promise<number> {
  const ids = await withTemporal(async (client) => {
    const found = await choose(client, plan, name);
    await before(found);
    for (const schedule of found) await work(client, schedule);
    return found.map(({ scheduleId }) => scheduleId);
  });
  if (json) printJson(ids.map((id) => ({ id, did })));
  else print(ids.map((id) => `${did}  ${id}`).join("\n"));
  return exitCodes.done;
}

/** The schedules of a plan on the server. Throws REQUEST_INVALID when there is none. */
async function choose(client: Client, plan: string, name?: string): Promise<ScheduleDescription[]> {
  const { plans, taskQueue } = loadConfig();
  const found = await findSchedules(client, taskQueue, { plan, known: await namedBy(plans, plan, taskQueue) });
  const names = found.map(({ scheduleId }) => partsOfId(scheduleId)!.name);
  if (found.length === 0)
    throw fail(
      "REQUEST_INVALID",
      `the Temporal server has no schedule of plan ${plan}`,
      `Bring those of the plan there: \`${programName} schedule apply ${shellWord(plan)}\`.`,
    );
  if (name !== undefined && !names.includes(name))
    throw fail("REQUEST_INVALID", `plan ${plan} has no schedule "${name}"`, `It has ${names.join(", ")}.`);
  return found.filter((_, index) => name === undefined || names[index] === name);
}

/** IDs that the plan's file names. Who stops a schedule need not have the plan, or one without errors. */
async function namedBy(plans: string, plan: string, taskQueue: string): Promise<string[]> {
  try {
    return define((await findPlan(plans, plan)).plan, taskQueue).map(({ scheduleId }) => scheduleId);
  } catch (error) {
    const { type } = describeFailure(error);
    if (type === "PLAN_NOT_FOUND" || type === "PLAN_INVALID") return [];
    throw error;
  }
}
