import { type Client, type ScheduleDescription, ScheduleNotFoundError } from "@temporalio/client";
import { fail } from "../failures.ts";
import { shellWord } from "../report/safe-text.ts";
import { partsOfId } from "./define.ts";

/** The schedules that the server has. */

/** A schedule as the server describes it; undefined when there is none of this ID. */
export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/**
 * IDs of the schedules of a plan, or of all plans.
 * @param known IDs that the plan names: the server's list may lag behind by a second or two
 */
async function idsOf(client: Client, plan: string | undefined, known: string[]): Promise<string[]> {
  const ids = new Set(known);
  for await (const { scheduleId } of client.schedule.list()) {
    const parts = partsOfId(scheduleId);
    if (parts !== null && (plan === undefined || parts.plan === plan)) ids.add(scheduleId);
  }
  return [...ids].toSorted();
}

/** The schedules of a plan, or of all plans, that start runs on this task queue, by their IDs. */
export async function findSchedules(
  client: Client,
  taskQueue: string,
  { plan, known = [] }: { plan?: string | undefined; known?: string[] },
): Promise<ScheduleDescription[]> {
  const found: ScheduleDescription[] = [];
  for (const id of await idsOf(client, plan, known)) {
    const schedule = await describeSchedule(client, id);
    if (schedule?.action.taskQueue === taskQueue) found.push(schedule);
  }
  return found;
}

/** A worker with other plans may use the same namespace. Throws REQUEST_INVALID. */
export function requireOurs({ scheduleId, action }: ScheduleDescription, taskQueue: string): void {
  if (action.taskQueue === taskQueue) return;
  throw fail(
    "REQUEST_INVALID",
    `schedule ${scheduleId} starts runs on task queue ${action.taskQueue}, and this worker's is ${taskQueue}`,
    `Give the plan another name, or delete it: temporal schedule delete --schedule-id ${shellWord(scheduleId)}`,
  );
}
