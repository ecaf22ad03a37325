import { DAYS_OF_WEEK, MONTHS, type CalendarSpec, type ScheduleOptions } from "@temporalio/client";
import { type Calendar, calendarOf, timesOf } from "../plan/calendar.ts";
import { scheduleName, schedulesOf } from "../plan/schedule-rules.ts";
import type { ScheduleEntry } from "../plan/schedule-schema.ts";
import type { Plan } from "../plan/schema.ts";
import type { Request } from "../workflows/request.ts";

/** The schedules of a plan as the Temporal server keeps them. Pure: a plan gives the same schedules each time. */

/** Plan and name in the ID of a schedule; null when it is none of ours. */
export function partsOfId(id: string): { plan: string; name: string } | null {
  const [, plan, name] = /^firedrill\/([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(id) ?? [];
  return plan === undefined || name === undefined ? null : { plan, name };
}

export type Defined = Required<Pick<ScheduleOptions, "scheduleId" | "spec" | "action" | "policies" | "memo" | "state">>;

export function define(plan: Plan, taskQueue: string): Defined[] {
  return schedulesOf(plan).map((entry) => {
    const name = scheduleName(entry);
    const { run, scenario, timezone, within } = entry;
    const when = `${timesOf(entry)} ${timezone}`;
    const request: Request = {
      plan: plan.name,
      ...(scenario !== undefined && { scenario }),
      by: `schedule ${name}`,
      reason: when,
      scheduled: true,
    };
    return {
      scheduleId: `firedrill/${plan.name}/${name}`,
      spec: { calendars: [specOf(entry)], timezone },
      action: {
        type: "startWorkflow",
        workflowType: run,
        taskQueue,
        // The server appends the time: exercise.shop-2026-12-05T02:00:00Z. No name has a dot, so no two schedules have one ID.
        workflowId: `${name}.${plan.name}`,
        args: [request],
      },
      policies: { overlap: "SKIP", catchupWindow: within, pauseOnFailure: false },
      memo: { plan: plan.name },
      state: { note: `${run} of plan ${plan.name}, ${when}` },
    };
  });
}

function specOf(entry: ScheduleEntry): CalendarSpec {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = calendarOf(entry);
  return {
    comment: timesOf(entry),
    second: [{ start: 0, end: 0, step: 1 }],
    minute,
    hour,
    dayOfMonth,
    month: named(month, MONTHS, 1),
    dayOfWeek: named(dayOfWeek, DAYS_OF_WEEK, 0),
  };
}

function named<T extends string>(ranges: Calendar["month"], names: readonly T[], first: number) {
  return ranges.map(({ start, end, step }) => ({ start: names[start - first]!, end: names[end - first]!, step }));
}
