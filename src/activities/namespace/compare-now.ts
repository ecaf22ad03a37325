import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { differences, digestOf } from "./digest.ts";
import { type Entry, expected, type Inventory, type Recovery } from "./memory.ts";
import { madeBefore, rowsOfMade } from "./made.ts";
import { byKey, observe, successor } from "./observe.ts";
import { type Found, rowNames, rowsOf } from "./rows.ts";
import type { Survey } from "./survey.ts";

/** Names of all checks of objects, as they are when all is well. */
export function namesOfRows(inventory: Inventory): string[] {
  return [...rowNames(expected(inventory)), ...madeBefore(inventory).map(({ id }) => id)];
}

/** Compares every object that must come back with what is there now. Writes times that nobody has noted yet into `recovery`. */
export function compareNow(
  inventory: Inventory,
  { objects, namespace }: Pick<Survey, "objects" | "namespace">,
  recovery: Recovery,
  salt: string,
): ReturnType<typeof rowsOf> {
  const live = namespace === undefined ? objects : [namespace, ...objects];
  const entries = expected(inventory);
  observe(entries, live, recovery, new Date());
  const known = byKey(live);
  const rows = rowsOf(entries, (entry) => foundNow(entry, known, recovery, salt), recovery.lostAt);
  return [...rows, ...rowsOfMade(madeBefore(inventory), objects)];
}

function foundNow(entry: Entry, live: ReadonlyMap<string, KubernetesObject>, { times }: Recovery, salt: string): Found {
  const object = successor(entry, live);
  const { existsAt = null, readyAt = null } = times[entry.id] ?? {};
  if (object === undefined) return { existsAt: null, readyAt: null, trouble: null, differs: [] };
  const { status, message } = readiness(object);
  const { digest, origin, scaled } = entry;
  const differs =
    digest === null ? [] : differences(digest, digestOf(object, salt, { generated: origin.generated, scaled }));
  return { existsAt, readyAt, trouble: status === "ready" ? null : message, differs };
}
