import type { KubernetesObject } from "../kubernetes/object.ts";
import { readiness } from "../kubernetes/readiness.ts";
import { type Digest, differences, digestOf } from "./digest.ts";
import { namesOfByHand, rowsOfByHand } from "./by-hand.ts";
import { type Entry, expected, type Inventory, type Recovery, viewOf } from "./memory.ts";
import { madeBefore, rowsOfMade } from "./made.ts";
import { byKey, observe, successor } from "./observe.ts";
import { type Found, rowNames, rowsOf } from "./rows.ts";
import type { Survey } from "./survey.ts";

/** Names of all checks of objects, as they are when all is well. */
export function namesOfRows(inventory: Inventory): string[] {
  const made = madeBefore(inventory).map(({ id }) => id);
  return [...rowNames(expected(inventory)), ...made, ...namesOfByHand(inventory)];
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
  const now = (entry: Entry) => successor(entry, known);
  const digestNow = (entry: Entry) => {
    const object = now(entry);
    return object && digestOf(object, salt, viewOf(entry));
  };
  const rows = rowsOf(entries, (entry) => foundNow(entry, now(entry), recovery, digestNow(entry)), recovery.lostAt);
  return [...rows, ...rowsOfMade(madeBefore(inventory), objects), ...rowsOfByHand(inventory, digestNow)];
}

function foundNow(
  entry: Entry,
  object: KubernetesObject | undefined,
  { times }: Recovery,
  digest: Digest | undefined,
): Found {
  const { existsAt = null, readyAt = null } = times[entry.id] ?? {};
  if (object === undefined || digest === undefined)
    return { existsAt: null, readyAt: null, trouble: null, differs: [] };
  const { status, message } = readiness(object);
  const differs = entry.digest === null ? [] : differences(entry.digest, digest);
  return { existsAt, readyAt, trouble: status === "ready" ? null : message, differs };
}
