import type { CheckRecord } from "../record.ts";

/** What each check says when it has passed; a test asks the checks themselves. In clusters texts of several databases are one. */
const goodWords = new Map<string, RegExp>(
  Object.entries({
    tables: /all equal|[1-9][\d,]* tables? equal; not comparable/,
    objects: /all equal|all others equal; not comparable/,
    sequences: /all within/,
    roles: /all equal/,
    settings: /all equal/,
    "large-objects": /all equal/,
    "not-empty": /, [1-9][\d,]* rows/,
    "has-files": /^[1-9]\d* files$/,
    files: /^all \d+ as they were(; \d+ were being written at that time)?$/,
    volume: /^as they were$/,
    indexes: /none/,
    amcheck: /all tables and \d+ B-tree indexes are sound/,
    recovery: /^(WAL up to |stopped before a commit of )/,
    catalog: /^\d+ equal, \d+ changed since the backup$/,
  }),
);

/** What the found text means; undefined when it cannot be told. */
export function meaning({ name, expected, found }: CheckRecord): boolean | undefined {
  if (found === expected) return true;
  if (name === "sentinel") return false;
  if (name === "heartbeats") return withoutHole(found);
  if (name === "place") return samePlace(expected, found);
  const good = goodWords.get(name);
  if (good === undefined) return undefined;
  if (!good.test(found)) return false;
  // The name of a thing that is missing may hold these words: only where they are all that is said do they prove it.
  return good.exec(found)?.[0] === found || good.source.startsWith("^") ? true : undefined;
}

function withoutHole(found: string): boolean {
  const [, count, first, last] = /^(\d+) heartbeats, (\d+) to (\d+)$/.exec(found) ?? [];
  return Number(count) > 0 && Number(last) - Number(first) + 1 === Number(count);
}

function samePlace(expected: string, found: string): boolean | undefined {
  const wanted = /OID (\d+)$/.exec(expected)?.[1];
  // A cluster says the same text twice when it is the right one.
  if (wanted === undefined) return false;
  return /^OID (\d+)/.exec(found)?.[1] === wanted && !found.includes("without the sentinel");
}
