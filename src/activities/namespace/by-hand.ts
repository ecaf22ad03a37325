import type { CheckRecord } from "../../report/record.ts";
import { type Digest, isSame } from "./digest.ts";
import { type Entry, expected, type Inventory } from "./memory.ts";

/** What people have written over what Git says. Nothing brings that back, so that it has rows of its own. Pure. */

type Known = Pick<Inventory, "entries">;
type Check = Omit<CheckRecord, "negativeControl">;

/** So many objects have a row each, the others one together. */
const single = 10;
/** Paths that a person would read of one row. */
const mostPaths = 5;

function changed(inventory: Known): Entry[] {
  return expected(inventory).filter(({ byHand }) => byHand !== undefined);
}

function rowsBefore(inventory: Known): { name: string; of: Entry[] }[] {
  const all = changed(inventory);
  const more = all.slice(single);
  return [
    ...all.slice(0, single).map((entry) => ({ name: `${entry.id} by hand`, of: [entry] })),
    ...(more.length > 0 ? [{ name: `${more.length} more by hand`, of: more }] : []),
  ];
}

export function namesOfByHand(inventory: Known): string[] {
  return rowsBefore(inventory).map(({ name }) => name);
}

/** @param now the digest of what has come back in the place of an object; undefined where nothing has */
export function rowsOfByHand(inventory: Known, now: (entry: Entry) => Digest | undefined): Check[] {
  return rowsBefore(inventory).map(({ name, of }) => {
    const lost = of.flatMap((entry) => lostOf(entry, now(entry)));
    return {
      name,
      title: name,
      proven: true,
      passed: lost.length === 0,
      exact: true,
      expected: `as somebody has set it: ${wordsOf(of)}`,
      found: lost.length === 0 ? "as it was set" : `nothing has brought back ${cut(lost)}`,
    };
  });
}

function lostOf({ byHand = {}, digest, id }: Entry, now: Digest | undefined): string[] {
  if (now === undefined) return [id];
  return Object.keys(byHand).filter((path) => !isSame(digest?.[path], now[path]));
}

/** For who starts the run: "Deployment/shop spec.replicas (kubectl)"; empty where nobody has changed anything. */
export function byHandWords(inventory: Known): string {
  const all = changed(inventory);
  return cut(all.map((entry) => `${entry.id} ${wordsOf([entry])}`));
}

function wordsOf(of: Entry[]): string {
  return cut(of.flatMap(({ byHand = {} }) => Object.entries(byHand).map(([path, by]) => `${path} (${by})`)));
}

function cut(all: string[]): string {
  const more = all.length > mostPaths ? ` and ${all.length - mostPaths} more` : "";
  return `${all.slice(0, mostPaths).join(", ")}${more}`;
}
