import { isAmbiguous, isNever, parseCron } from "./calendar.ts";
import type { Complaint } from "./complaint.ts";
import type { ScheduleEntry } from "./schedule-schema.ts";
import type { Plan } from "./schema.ts";

/** What a schema cannot say of schedules and of the windows in which nothing is drilled. */

/** A plan has one schedule or a list of them. */
export function schedulesOf({ schedule = [] }: Pick<Plan, "schedule">): ScheduleEntry[] {
  return [schedule].flat();
}

/** Its name in the plan, and a part of its ID. */
export function scheduleName({ name, run }: ScheduleEntry): string {
  return name ?? run;
}

export function checkSchedules(plan: Plan): Complaint[] {
  const entries = schedulesOf(plan);
  const path = (n: number, key: string) =>
    Array.isArray(plan.schedule) ? (["schedule", n, key] as const) : (["schedule", key] as const);
  return [
    ...entries.flatMap((entry, n) => checkEntry(entry).map(({ key, ...more }) => ({ ...more, path: path(n, key) }))),
    ...entries.flatMap((entry, n): Complaint[] => {
      const first = entries.findIndex((other) => scheduleName(other) === scheduleName(entry));
      if (first === n) return [];
      const message = `schedule[${first}] is called "${scheduleName(entry)}", too`;
      const around = entry.name === undefined ? { at: "around" as const } : {};
      return [{ path: path(n, "name"), message, hint: "Give each of them a `name:` of its own.", ...around }];
    }),
  ];
}

type Wrong = Omit<Complaint, "path"> & { key: string };

function checkEntry(entry: ScheduleEntry): Wrong[] {
  const { run, scenario } = entry;
  const ofScenario =
    scenario === undefined || run === "exercise"
      ? []
      : [{ key: "scenario", message: `a run of type ${run} has none`, hint: "Remove it, or write `run: exercise`." }];
  return [...checkTimes(entry), ...ofScenario];
}

function checkTimes({ on, at, cron }: ScheduleEntry): Wrong[] {
  if (cron !== undefined) {
    const beside = on !== undefined ? "on" : at !== undefined ? "at" : undefined;
    if (beside !== undefined)
      return [
        {
          key: beside,
          at: "key",
          message: '"cron" stands beside it',
          hint: "Keep one of them: cron has all of the times.",
        },
      ];
    const hint = "cron means one or the other of them, Temporal both: write `on: first saturday` or two entries.";
    if (isAmbiguous(cron)) return [{ key: "cron", message: "names days of the month and of the week", hint }];
    return isNever(parseCron(cron)!)
      ? [
          {
            key: "cron",
            message: "never comes: none of its months has that day",
            hint: "Correct the day or the month.",
          },
        ]
      : [];
  }
  if (on === undefined && at === undefined)
    return [
      { key: "on", at: "around", message: "does not say when", hint: 'Add `on: first saturday` and `at: "03:00"`.' },
    ];
  if (on === undefined)
    return [{ key: "at", message: "does not say on which days", hint: "Add `on: day`, or `on: first saturday`." }];
  const wrong: Wrong[] =
    at === undefined ? [{ key: "on", message: "does not say at what time", hint: 'Add `at: "03:00"`.' }] : [];
  const [, which, weekday] = /^(fifth|last) (.*)$/.exec(String(on)) ?? [];
  if (which === undefined) return wrong;
  const hint = `Write \`on: fourth ${weekday}\`, which every month has.`;
  const message = which === "last" ? "cannot be said to Temporal" : "is a day that not every month has";
  return [...wrong, { key: "on", message, hint }];
}

export function freezeEnds({ freeze = [] }: Plan): Complaint[] {
  return freeze.flatMap(({ from, until }, n) => {
    if (Date.parse(until) > Date.parse(from)) return [];
    const hint = "Let it end after it begins; a day alone is the whole day, in UTC.";
    return [{ path: ["freeze", n, "until"], message: "is not after the beginning of the window", hint }];
  });
}
