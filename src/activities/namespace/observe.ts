import type { KubernetesObject } from "../kubernetes/object.ts";
import { splitApiVersion } from "../kubernetes/paths.ts";
import { readiness, readySince } from "../kubernetes/readiness.ts";
import type { Entry, Recovery } from "./memory.ts";

/** Notes when what came back. Pure: what the API server has now goes in, what is still missing comes out. */

export interface Waiting {
  id: string;
  /** "missing", or what keeps it from being ready. */
  why: string;
}

/** The object that has taken an entry's place: of the same kind and name, and another one than before. */
export function successor(entry: Entry, live: ReadonlyMap<string, KubernetesObject>): KubernetesObject | undefined {
  const object = live.get(keyOf(entry.apiVersion, entry.kind, entry.name));
  return object?.metadata.uid === entry.uid ? undefined : object;
}

/** Objects by what they are, whatever version of their group they were read in. */
export function byKey(objects: KubernetesObject[]): Map<string, KubernetesObject> {
  return new Map(objects.map((one) => [keyOf(one.apiVersion, one.kind, one.metadata.name), one]));
}

function keyOf(apiVersion: string, kind: string, name: string): string {
  return `${splitApiVersion(apiVersion).group}/${kind}/${name}`;
}

/**
 * Writes into `times`. What was seen as it happened is timed by our clock; for what happened while nobody looked the object's
 * own times count, which are whole seconds of the cluster's clock.
 */
export function observe(
  entries: Entry[],
  objects: KubernetesObject[],
  { times, lostAt }: Pick<Recovery, "times" | "lostAt">,
  now: Date,
): Waiting[] {
  const live = byKey(objects);
  const at = (said: string | null | undefined) => moment(said, lostAt, now);
  return entries.flatMap((entry): Waiting[] => {
    const object = successor(entry, live);
    const time = (times[entry.id] ??= { existsAt: null, readyAt: null });
    if (object === undefined) {
      Object.assign(time, { existsAt: null, readyAt: null });
      return [{ id: entry.id, why: "missing" }];
    }
    time.existsAt ??= at(object.metadata.creationTimestamp);
    const { status, message } = readiness(object, now.getTime());
    if (status === "ready") time.readyAt ??= at(readySince(object));
    else time.readyAt = null;
    // What was not ready before is not waited for.
    return status === "ready" || entry.troubleBefore !== null ? [] : [{ id: entry.id, why: message }];
  });
}

/** When it was, as it says or as we see it. Whole seconds are cut off: what was written within the last two is as good as now. */
export function moment(said: string | null | undefined, lostAt: string, now: Date): string {
  const told = said === null || said === undefined ? Number.NaN : Date.parse(said);
  const seen = Number.isNaN(told) || now.getTime() - told < 2_000 ? now.getTime() : told;
  return new Date(Math.max(seen, Date.parse(lostAt))).toISOString();
}
