import { expect, test } from "vitest";
import { isAmbiguous, isNever, parseCron, calendarOf, timesOf } from "../../src/plan/calendar.ts";
import { parsePlan } from "../../src/plan/load.ts";
import { windowEdge } from "../../src/plan/moment.ts";
import { comparePlans } from "../../src/plan/reload.ts";
import { scheduleName, schedulesOf } from "../../src/plan/schedule-rules.ts";
import { isTimeZone } from "../../src/plan/time-zone.ts";
import { twoComponents } from "../support/plans.ts";

const parse = (lines: string) =>
  parsePlan(
    `name: shop\n${lines}\ncomponents: [{ name: shop, kind: pgdump, database: shop, dumps: /d }]\n`,
    "shop.yaml",
  );
const first = (lines: string) => {
  const { plan, problems } = parse(`schedule: ${lines}`);
  expect(problems).toEqual([]);
  return schedulesOf(plan!)[0]!;
};

test("an entry needs little: an exercise, in UTC, up to six hours late", () => {
  const entry = first('{ on: first saturday, at: "03:00" }');
  const usual = { run: "exercise", timezone: "UTC", within: 6 * 3_600_000 };
  expect(entry).toEqual({ on: "first saturday", at: "03:00", ...usual });
  expect(scheduleName(entry)).toBe("exercise");
});

test("a plan has several, told apart by their runs or names", () => {
  const { plan, problems } = parse(
    'schedule: [{ on: first saturday, at: "03:00" }, { run: backup, cron: 0 1 * * * }, { run: backup, name: hourly, cron: 5 * * * * }]',
  );
  expect(problems).toEqual([]);
  expect(schedulesOf(plan!).map(scheduleName)).toEqual(["exercise", "backup", "hourly"]);
});

const all = {
  minute: [{ start: 0, end: 59, step: 1 }],
  hour: [{ start: 0, end: 23, step: 1 }],
  dayOfMonth: [{ start: 1, end: 31, step: 1 }],
  month: [{ start: 1, end: 12, step: 1 }],
  dayOfWeek: [{ start: 0, end: 6, step: 1 }],
};
const just = (...numbers: number[]) => numbers.map((n) => ({ start: n, end: n, step: 1 }));

test.each([
  ["on: day", {}, "every day at 03:45"],
  ["on: sunday", { dayOfWeek: just(0) }, "sunday at 03:45"],
  [
    "on: first saturday",
    { dayOfWeek: just(6), dayOfMonth: [{ start: 1, end: 7, step: 1 }] },
    "first saturday at 03:45",
  ],
  [
    "on: fourth monday",
    { dayOfWeek: just(1), dayOfMonth: [{ start: 22, end: 28, step: 1 }] },
    "fourth monday at 03:45",
  ],
  ["on: 31", { dayOfMonth: just(31) }, "day 31 of the month at 03:45"],
])("%s means the days that it says", (on, days, words) => {
  const entry = first(`{ ${on}, at: "03:45" }`);
  expect(calendarOf(entry)).toEqual({ ...all, minute: just(45), hour: just(3), ...days });
  expect(timesOf(entry)).toBe(words);
});

test.each([
  ["0 3 * * *", { minute: just(0), hour: just(3) }],
  ["*/15 * * * *", { minute: [{ start: 0, end: 59, step: 15 }] }],
  [
    "5/20 1,13 * jan,JUL-sep *",
    {
      minute: [{ start: 5, end: 59, step: 20 }],
      hour: just(1, 13),
      month: [...just(1), { start: 7, end: 9, step: 1 }],
    },
  ],
  ["0 0 10-20/5 * *", { minute: just(0), hour: just(0), dayOfMonth: [{ start: 10, end: 20, step: 5 }] }],
  ["0 0 * * mon-fri", { minute: just(0), hour: just(0), dayOfWeek: [{ start: 1, end: 5, step: 1 }] }],
  ["0 0 * * 7", { minute: just(0), hour: just(0), dayOfWeek: just(0) }],
  ["0 0 * * 5-7", { minute: just(0), hour: just(0), dayOfWeek: just(5, 6, 0) }],
])("cron %s", (cron, fields) => {
  expect(parseCron(cron)).toEqual({ ...all, ...fields });
});

test.each([
  "",
  "0 3 * *",
  "0 3 * * * *",
  "60 3 * * *",
  "0 24 * * *",
  "0 3 0 * *",
  "0 3 * 13 *",
  "0 3 * * 8",
  "0 3 L * *",
  "0 3 * * 6#1",
  "@daily",
  "CRON_TZ=UTC 0 3 * * *",
  "5-1 * * * *",
  "*/0 * * * *",
  "a * * * *",
  "1- * * * *",
  "0 3 ? * *",
])("%s is no cron", (cron) => {
  expect(parseCron(cron)).toBeUndefined();
});

const at = 'at: "03:00"';
test.each([
  ["no time at all", "{ run: backup }", "schedule.on", "does not say when", "first saturday"],
  ["no time of the day", "{ on: day }", "schedule.on", "does not say at what time", 'at: "03:00"'],
  ["no days", `{ ${at} }`, "schedule.at", "does not say on which days", "on: day"],
  ["the last saturday", `{ on: last saturday, ${at} }`, "schedule.on", "cannot be said to Temporal", "fourth saturday"],
  ["a fifth saturday", `{ on: fifth saturday, ${at} }`, "schedule.on", "not every month has", "fourth saturday"],
  [
    "a day that there is not",
    `{ on: caturday, ${at} }`,
    "schedule.on",
    'one such as "first saturday"',
    "first saturday",
  ],
  ["half a day", `{ on: 1.5, ${at} }`, "schedule.on", "must be a whole number", "first saturday"],
  ["the 32nd", `{ on: 32, ${at} }`, "schedule.on", "must be at most 31", "first saturday"],
  ["a time that there is not", '{ on: day, at: "24:00" }', "schedule.at", "time of the day", 'at: "03:00"'],
  ["a time that is a number", "{ on: day, at: 3 }", "schedule.at", "must be text", 'For example `at: "03:00"`'],
  ["cron beside on", `{ on: day, ${at}, cron: 0 3 * * * }`, "schedule.on", "cron", "Keep one"],
  ["cron beside at", `{ ${at}, cron: 0 3 * * * }`, "schedule.at", "cron", "Keep one"],
  ["a cron with seconds", "{ cron: 0 0 3 * * * }", "schedule.cron", "five fields", "30 2 * * 1-5"],
  ["a cron that never comes", "{ cron: 0 3 30 2 * }", "schedule.cron", "none of its months has that day", "Correct"],
  [
    "a cron with two meanings",
    "{ cron: 0 3 1-7 * 6 }",
    "schedule.cron",
    "days of the month and of the week",
    "on: first saturday",
  ],
  [
    "a time zone that there is not",
    `{ on: day, ${at}, timezone: Mars/Olympus }`,
    "schedule.timezone",
    "IANA",
    "Europe/Berlin",
  ],
  [
    "a scenario of a backup",
    `{ run: backup, scenario: none, on: day, ${at} }`,
    "schedule.scenario",
    "has none",
    "Remove it",
  ],
  [
    "a run that no schedule begins",
    `{ run: restore, on: day, ${at} }`,
    "schedule.run",
    "must be one of",
    "type of the runs",
  ],
  ["a short catch-up window", `{ on: day, ${at}, within: 5s }`, "schedule.within", "1m or longer", "45m"],
  ["a misspelt key", `{ on: day, ${at}, timezon: UTC }`, "schedule.timezon", "unknown key", "timezone"],
  [
    "a misspelt key in a list",
    `[{ on: day, ${at} }, { on: day, ${at}, nmae: b }]`,
    "schedule[1].nmae",
    "unknown key",
    "name",
  ],
  [
    "two of one name",
    `[{ on: day, ${at} }, { on: monday, ${at} }]`,
    "schedule[1].name",
    'schedule[0] is called "exercise", too',
    "name",
  ],
  [
    "a name given twice",
    `[{ name: a, on: day, ${at} }, { name: a, on: monday, ${at} }]`,
    "schedule[1].name",
    '"a", too',
    "name",
  ],
  ["an empty list", "[]", "schedule", "at least one schedule", "first saturday"],
])("%s is refused at its place, with a hint", (_name, schedule, path, message, hint) => {
  const { problems } = parse(`schedule: ${schedule}`);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(problems[0]!.message).toContain(message);
  expect(problems[0]!.hint).toContain(hint);
});

test("a problem of the second entry is shown in its line", () => {
  const { problems } = parse(`schedule:\n  - { on: day, ${at} }\n  - { name: b, on: last monday, ${at} }`);
  expect(problems).toMatchObject([{ line: 4, column: 20, path: "schedule[1].on" }]);
});

test.each(["UTC", "Europe/Berlin", "Asia/Kolkata", "US/Eastern", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])(
  "%s is a time zone",
  (zone) => {
    expect(isTimeZone(zone)).toBe(true);
  },
);
test.each([
  "",
  "CET",
  "PST",
  "+02:00",
  "europe/berlin",
  "Europe/berlin",
  "EUROPE/BERLIN",
  "Europe/Berlin ",
  "Mars/Olympus",
  "Local",
])("%s is none that the server knows", (zone) => {
  expect(isTimeZone(zone)).toBe(false);
});

test("a window of days is whole days in UTC; one of moments ends in that moment", () => {
  const { plan } = parse(
    "freeze: [{ from: 2026-12-20, until: 2026-12-31, reason: sales }, { from: 2026-11-21 03:00+01:00, until: 2026-11-21T04:30:00Z, reason: kernel }]",
  );
  expect(plan?.freeze).toEqual([
    { from: "2026-12-20T00:00:00Z", until: "2027-01-01T00:00:00Z", reason: "sales" },
    { from: "2026-11-21T02:00:00Z", until: "2026-11-21T04:30:00Z", reason: "kernel" },
  ]);
  expect(windowEdge("from", "2026-02-30")).toBeUndefined();
});

test.each([
  ["an end before the beginning", "{ from: 2026-12-20, until: 2026-12-19, reason: r }", "freeze[0].until", "not after"],
  [
    "no time at all",
    '{ from: "2026-12-20T03:00Z", until: "2026-12-20T03:00Z", reason: r }',
    "freeze[0].until",
    "not after",
  ],
  [
    "a moment without a time zone",
    '{ from: "2026-12-20T03:00", until: 2026-12-21, reason: r }',
    "freeze[0].from",
    "with its time zone",
  ],
  ["a day that there is not", "{ from: 2026-12-20, until: 2026-12-32, reason: r }", "freeze[0].until", "must be a day"],
  ["no end", "{ from: 2026-12-20, reason: r }", "freeze[0].until", "missing key"],
  ["no reason", "{ from: 2026-12-20, until: 2026-12-21, reason: ' ' }", "freeze[0].reason", "must not be empty"],
])("a freeze with %s is refused", (_name, window, path, message) => {
  const { problems } = parse(`freeze: [${window}]`);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(problems[0]!.message).toContain(message);
  expect(problems[0]!.hint).not.toBe("");
});

test("schedules and windows may be changed while a run goes on", () => {
  const changed = twoComponents({
    schedule: { on: "day", at: "03:00" },
    freeze: [{ from: "2026-12-20", until: "2026-12-21", reason: "r" }],
  });
  const found = comparePlans(twoComponents(), changed, ["shop"], new Set(["shop"]));
  expect(found).toEqual({ changed: ["schedule", "freeze"], forbidden: [] });
});

test.each(["0 3 1 * 0-7", "0 3 1 * 1-7", "0 3 1 * */1", "0 3 */1 * 6"])("%s names no days twice", (cron) => {
  expect(isAmbiguous(cron)).toBe(false);
});

test("a leap day comes, the 31st of short months and the 30th of February never", () => {
  const never = ["0 3 29 2 *", "0 3 31 2,4,6 *", "0 3 31 2-3 *", "0 3 30 2 *"].map((cron) => isNever(parseCron(cron)!));
  expect(never).toEqual([false, true, false, true]);
});
