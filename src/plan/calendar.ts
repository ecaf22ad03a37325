import type { ScheduleEntry } from "./schedule-schema.ts";

/** Which times a schedule means. A time fits when it fits every field. */

/** Numbers from `start` to `end`, both included. */
interface Range {
  start: number;
  end: number;
  step: number;
}

/** Months count from 1, days of the week from Sunday as 0. */
export interface Calendar {
  minute: Range[];
  hour: Range[];
  dayOfMonth: Range[];
  month: Range[];
  dayOfWeek: Range[];
}

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const fields: { key: keyof Calendar; from: number; to: number; names: string[] }[] = [
  { key: "minute", from: 0, to: 59, names: [] },
  { key: "hour", from: 0, to: 23, names: [] },
  { key: "dayOfMonth", from: 1, to: 31, names: [] },
  { key: "month", from: 1, to: 12, names: months },
  { key: "dayOfWeek", from: 0, to: 7, names: weekdays.map((day) => day.slice(0, 3)) },
];

const every = Object.fromEntries(
  fields.map(({ key, from, to }) => [key, [{ start: from, end: key === "dayOfWeek" ? 6 : to, step: 1 }]]),
) as unknown as Calendar;

const only = (n: number): Range[] => [{ start: n, end: n, step: 1 }];

/** The five fields of cron: numbers, names, `*`, ranges, steps and lists of them. Undefined for anything else. */
export function parseCron(text: string): Calendar | undefined {
  const words = text.trim().split(/\s+/);
  if (words.length !== fields.length) return undefined;
  const parsed = fields.map(
    ({ key }, index) => [key, parseField(words[index]!.toLowerCase(), fields[index]!)] as const,
  );
  if (parsed.some(([, ranges]) => ranges === undefined)) return undefined;
  const { dayOfWeek, ...rest } = Object.fromEntries(parsed) as unknown as Calendar;
  return { ...rest, dayOfWeek: words[4] === "*" ? every.dayOfWeek : dayOfWeek.flatMap(withOneSunday) };
}

function parseField(word: string, { from, to, names }: (typeof fields)[number]): Range[] | undefined {
  const number = (name: string) => {
    const named = names.indexOf(name);
    return named === -1 ? Number(name) : named + from;
  };
  const ranges = word.split(",").map((part): Range | undefined => {
    const [, all, first, last, by] = /^(?:(\*)|(\d+|[a-z]+)(?:-(\d+|[a-z]+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (all === undefined && first === undefined) return undefined;
    const start = first === undefined ? from : number(first);
    // 5/10 begins with the fifth and goes on to the end.
    const end = last !== undefined ? number(last) : all !== undefined || by !== undefined ? to : start;
    const step = Number(by ?? 1);
    return start >= from && end <= to && start <= end && step >= 1 ? { start, end, step } : undefined;
  });
  return ranges.some((range) => range === undefined) ? undefined : (ranges as Range[]);
}

/** To cron Sunday is both 0 and 7. */
function withOneSunday({ start, end, step }: Range): Range[] {
  if (end < 7) return [{ start, end, step }];
  const days = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => (start + index * step) % 7);
  return [...new Set(days)].flatMap(only);
}

function numbersOf(ranges: Range[]): Set<number> {
  const steps = ({ start, end, step }: Range) => Math.floor((end - start) / step) + 1;
  return new Set(
    ranges.flatMap((range) => Array.from({ length: steps(range) }, (_, n) => range.start + n * range.step)),
  );
}

/** Days of the longest February and of the other months, by the number of the month. */
const lengths = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** None of its months has any of its days: the 30th of February. */
export function isNever({ dayOfMonth, month }: Calendar): boolean {
  const first = Math.min(...numbersOf(dayOfMonth));
  return [...numbersOf(month)].every((number) => lengths[number]! < first);
}

/** Days of the month and of the week are both given: cron means one or the other of them, Temporal both. */
export function isAmbiguous(cron: string): boolean {
  const { dayOfMonth, dayOfWeek } = parseCron(cron)!;
  const limits = (ranges: Range[], all: Range[]) => numbersOf(ranges).size < numbersOf(all).size;
  return limits(dayOfMonth, every.dayOfMonth) && limits(dayOfWeek, every.dayOfWeek);
}

const ordinals = ["first", "second", "third", "fourth"];

/** The times of an entry that obeys the rules. */
export function calendarOf({ on, at, cron }: ScheduleEntry): Calendar {
  if (cron !== undefined) return parseCron(cron)!;
  const [hour, minute] = at!.split(":").map(Number) as [number, number];
  return { ...every, ...daysOf(on!), hour: only(hour), minute: only(minute) };
}

function daysOf(on: string | number): Partial<Calendar> {
  if (typeof on === "number") return { dayOfMonth: only(on) };
  const words = on.split(" ");
  const dayOfWeek = only(weekdays.indexOf(words.at(-1)!));
  if (on === "day") return {};
  if (words.length === 1) return { dayOfWeek };
  // The first Saturday is the one among the first seven days.
  const start = ordinals.indexOf(words[0]!) * 7 + 1;
  return { dayOfWeek, dayOfMonth: [{ start, end: start + 6, step: 1 }] };
}

/** The times in words, without their time zone: "first saturday at 03:00". */
export function timesOf({ on, at, cron }: Pick<ScheduleEntry, "on" | "at" | "cron">): string {
  if (cron !== undefined) return `cron ${cron.trim().replaceAll(/\s+/g, " ")}`;
  return `${typeof on === "number" ? `day ${on} of the month` : on === "day" ? "every day" : on} at ${at}`;
}
