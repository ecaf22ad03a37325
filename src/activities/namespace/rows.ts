import { secondsBetween } from "../../report/elapsed.ts";
import { seconds } from "../../report/format.ts";
import type { CheckRecord } from "../../report/record.ts";
import type { Entry } from "./memory.ts";

/** The table of a recovery: one row, and so one check, for an object, or for all of a kind where there are many. */

/** An object at the moment of the check. */
export interface Found {
  existsAt: string | null;
  readyAt: string | null;
  /** What keeps it from being ready; null where it is. */
  trouble: string | null;
  /** Paths of values that are not as before. */
  differs: string[];
}

type Check = Omit<CheckRecord, "negativeControl">;

/** Of kinds with more objects the good ones share a row. */
const single = 5;
/** Of each kind at most so many bad ones have a row of their own. */
const badRows = 10;

function byKind(entries: Entry[]): Entry[][] {
  return Object.values(Object.groupBy(entries, ({ id }) => id.split("/")[0]!)) as Entry[][];
}

/** Names of the rows in which an inventory is told when all is well, or all is gone. */
export function rowNames(entries: Entry[]): string[] {
  return byKind(entries).flatMap((of) => {
    const { shared, alone } = split(of);
    return [...(shared.length > 0 ? [groupName(shared)] : []), ...alone.map(({ id }) => id)];
  });
}

/** What was not ready before proves nothing, and must not hide among others. */
function split(of: Entry[]): { shared: Entry[]; alone: Entry[] } {
  const sound = of.filter(({ troubleBefore }) => troubleBefore === null);
  if (sound.length <= single) return { shared: [], alone: of };
  return { shared: sound, alone: of.filter(({ troubleBefore }) => troubleBefore !== null).slice(0, badRows) };
}

export function rowsOf(entries: Entry[], found: (entry: Entry) => Found, lostAt: string): Check[] {
  const told = (of: Entry[]) => of.map((entry) => ({ entry, now: found(entry) }));
  return byKind(entries).flatMap((of) => {
    const { shared, alone } = split(of);
    const rows = told(alone).map(({ entry, now }) => row(entry, now, lostAt));
    if (shared.length === 0) return rows;
    const all = told(shared);
    const good = all.filter(({ entry, now }) => isAsBefore(entry, now));
    const bad = all.filter(({ entry, now }) => !isAsBefore(entry, now));
    const own = bad.slice(0, badRows).map(({ entry, now }) => row(entry, now, lostAt));
    return [group(shared, good, lostAt), ...own, ...rows];
  });
}

function isAsBefore({ troubleBefore }: Entry, { existsAt, trouble, differs }: Found): boolean {
  return existsAt !== null && trouble === null && differs.length === 0 && troubleBefore === null;
}

function groupName([first]: Entry[]): string {
  return first!.id.split("/")[0]!;
}

function group(of: Entry[], good: { entry: Entry; now: Found }[], lostAt: string): Check {
  const last = (key: "existsAt" | "readyAt") =>
    good
      .map(({ now }) => now[key] ?? lostAt)
      .toSorted()
      .at(-1) ?? null;
  const [existsAt, readyAt] = [last("existsAt"), last("readyAt")];
  const all = good.length === of.length;
  return {
    name: groupName(of),
    title: `${of.length} × ${groupName(of)}`,
    proven: true,
    passed: all,
    exact: true,
    expected: "all there and ready, as before",
    found: all ? times(existsAt, readyAt, lostAt) : `${good.length} of ${of.length} are as before`,
    recovery: recovery(existsAt, readyAt, lostAt),
  };
}

function row(entry: Entry, now: Found, lostAt: string): Check {
  const { id, troubleBefore } = entry;
  return {
    name: id,
    title: id,
    // Whether it would be ready again nobody can say of what was not ready before.
    proven: troubleBefore === null,
    passed: isAsBefore(entry, now),
    exact: true,
    expected: troubleBefore === null ? "there and ready, as before" : `ready; before it was not: ${troubleBefore}`,
    found: words(now, lostAt),
    recovery: recovery(now.existsAt, now.readyAt, lostAt),
  };
}

function words({ existsAt, readyAt, trouble, differs }: Found, lostAt: string): string {
  if (existsAt === null) return "missing";
  if (trouble !== null) return `there after ${after(existsAt, lostAt)}, not ready: ${trouble}`;
  const told = times(existsAt, readyAt, lostAt);
  if (differs.length === 0) return told;
  const more = differs.length > 5 ? ` and ${differs.length - 5} more` : "";
  return `${told}, but not as before: ${differs.slice(0, 5).join(", ")}${more}`;
}

function times(existsAt: string | null, readyAt: string | null, lostAt: string): string {
  return `there after ${after(existsAt, lostAt)}, ready after ${after(readyAt, lostAt)}`;
}

function recovery(existsAt: string | null, readyAt: string | null, lostAt: string): Check["recovery"] {
  const since = (at: string | null) => (at === null ? null : Math.max(0, secondsBetween(lostAt, at)));
  return { existsSeconds: since(existsAt), readySeconds: since(readyAt) };
}

function after(at: string | null, lostAt: string): string {
  return at === null ? "an unknown time" : seconds(Math.max(0, secondsBetween(lostAt, at)));
}
