import * as z from "zod";
import { scenarios } from "../report/record.ts";
import { parseCron } from "./calendar.ts";
import { windowEdge } from "./moment.ts";
import { Duration, name } from "./scalars.ts";
import { isTimeZone } from "./time-zone.ts";

/** When runs begin by themselves, and when nothing is drilled. */

/** Types of runs that a schedule may start: workflow types of the same names. */
const scheduledRuns = ["exercise", "backup", "audit"] as const;

/** What it matches and Temporal cannot say is told by a rule, which knows a better hint. */
const days = /^(day|((first|second|third|fourth|fifth|last) )?(mon|tues|wednes|thurs|fri|satur|sun)day)$/;

export const ScheduleEntry = z
  .strictObject({
    name: name
      .optional()
      .describe("tells the schedules of a plan apart; the type of its runs otherwise")
      .meta({ examples: ["nightly"] }),
    run: z.enum(scheduledRuns).default("exercise").describe("type of the runs that it begins"),
    scenario: z.enum(scenarios).optional().describe("what its exercises lose; database if it does not say"),
    on: z
      .union([
        z.string().regex(days, 'must be "day", a day of the week, or one such as "first saturday"'),
        z.int().min(1).max(31),
      ])
      .optional()
      .describe("the days: `first saturday` to `fourth saturday` of a month, `saturday`, `day`, or a day of the month")
      .meta({ title: "text or number", examples: ["first saturday"] }),
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of the day, of two and two digits")
      .optional()
      .describe("the time of these days")
      .meta({ examples: ["03:00"] }),
    cron: z
      .string()
      .refine(
        (text) => parseCron(text) !== undefined,
        "must be five fields: minute, hour, day of the month, month, day of the week",
      )
      .optional()
      .describe("the times as cron writes them, in place of `on` and `at`")
      .meta({ examples: ["30 2 * * 1-5"] }),
    timezone: z
      .string()
      .refine(isTimeZone, "must be the name of a time zone, written as the IANA does")
      .default("UTC")
      .describe("the time zone of these times")
      .meta({ examples: ["Europe/Berlin"] }),
    within: Duration.refine((ms) => ms >= 60_000, "must be 1m or longer")
      .prefault("6h")
      .describe("how late a run may still begin when the server was down at its time"),
  })
  .describe("runs that begin by themselves");
export type ScheduleEntry = z.infer<typeof ScheduleEntry>;

const edge = (which: "from" | "until", text: string) =>
  z
    .string()
    .transform((given, context) => {
      const at = windowEdge(which, given);
      if (at !== undefined) return at;
      context.issues.push({
        code: "custom",
        input: given,
        message: "must be a day, or a moment with its time zone",
      });
      return z.NEVER;
    })
    .describe(text)
    .meta({ title: "day or moment", examples: ["2026-12-20", "2026-12-20T18:00:00+01:00"] });

/** Times are ISO 8601 in UTC; `until` is the first moment after the window. */
export const FreezeWindow = z
  .strictObject({
    from: edge("from", "the moment in which it begins; of a day its beginning, in UTC"),
    until: edge("until", "the moment in which it is over; of a day its end, in UTC"),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .describe("why; runs that meet it show it")
      .meta({ examples: ["Christmas sales"] }),
  })
  .describe("a time in which nothing is drilled or destroyed; backups go on");
export type FreezeWindow = z.infer<typeof FreezeWindow>;
