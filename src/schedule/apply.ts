import type { Client, ScheduleDescription } from "@temporalio/client";
import { isDeepStrictEqual } from "node:util";
import { fail } from "../failures.ts";
import type { Plan } from "../plan/schema.ts";
import { define, type Defined } from "./define.ts";
import { describeSchedule, findSchedules, requireOurs } from "./find.ts";

export interface Change {
  id: string;
  did: "created" | "updated" | "unchanged" | "deleted";
}

/**
 * Makes the server's schedules those of the plan: adds what is missing, sets right what differs, whoever changed it, and
 * deletes what the plan no longer has. A schedule that was paused stays so.
 * Throws REQUEST_INVALID when the server refuses one, or when one of another worker has its ID.
 */
export async function applySchedules(client: Client, plan: Plan, taskQueue: string): Promise<Change[]> {
  const wanted = define(plan, taskQueue);
  const changes: Change[] = [];
  for (const options of wanted) {
    const id = options.scheduleId;
    try {
      changes.push({ id, did: await applyOne(client, options) });
    } catch (error) {
      throw refusedByServer(error, id);
    }
  }
  const ids = new Set(wanted.map(({ scheduleId }) => scheduleId));
  for (const { scheduleId } of await findSchedules(client, taskQueue, { plan: plan.name })) {
    if (ids.has(scheduleId)) continue;
    await client.schedule.getHandle(scheduleId).delete();
    changes.push({ id: scheduleId, did: "deleted" });
  }
  return changes;
}

async function applyOne(client: Client, options: Defined): Promise<Change["did"]> {
  const { scheduleId, spec, action, policies } = options;
  const found = await describeSchedule(client, scheduleId);
  if (found === undefined) {
    await client.schedule.create(options);
    return "created";
  }
  requireOurs(found, action.taskQueue);
  if (isAs(found, options)) return "unchanged";
  await client.schedule.getHandle(scheduleId).update(({ state }) => ({
    spec,
    action,
    policies,
    // Whoever paused it has said why there.
    state: state.paused ? { paused: true, ...(state.note !== undefined && { note: state.note }) } : options.state,
  }));
  return "updated";
}

/** Whether the server's schedule is the wanted one. The note may say who has paused it, and when it goes on. */
function isAs({ spec, policies, action, state }: ScheduleDescription, wanted: Defined): boolean {
  const { calendars = [], intervals, skip, startAt, endAt, jitter, timezone } = spec;
  const { workflowType, taskQueue, workflowId, args } = action;
  return isDeepStrictEqual(
    {
      calendars,
      other: [...(intervals ?? []), ...(skip ?? []), startAt, endAt, jitter, state.remainingActions],
      timezone,
      policies,
      action: [workflowType, taskQueue, workflowId, args],
    },
    {
      calendars: wanted.spec.calendars?.map((calendar) => ({ ...calendar, year: [] })),
      other: [undefined, undefined, undefined, undefined],
      timezone: wanted.spec.timezone,
      policies: wanted.policies,
      action: [wanted.action.workflowType, wanted.action.taskQueue, wanted.action.workflowId, wanted.action.args],
    },
  );
}

/** The SDK makes a TypeError of what the server calls an invalid argument, such as a time zone that it does not know. */
function refusedByServer(error: unknown, id: string): unknown {
  if (!(error instanceof TypeError)) return error;
  const hint = "Correct `schedule:` in the plan, then apply it again.";
  return fail("REQUEST_INVALID", `the Temporal server refuses schedule ${id}: ${error.message}`, hint);
}
