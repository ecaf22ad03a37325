import { setTimeout as sleep } from "node:timers/promises";
import prettyMs from "pretty-ms";
import { fail } from "../../failures.ts";
import type { Cluster } from "./cluster.ts";
import { type Mirror, mirror } from "./mirror.ts";
import type { KubernetesObject } from "./object.ts";
import type { Kind } from "./paths.ts";

export interface Waiting {
  /** What is waited for, to stand behind "waited for". */
  what?: string;
  /** As long as this in all, without the time in which the API server was away. */
  withinMs: number;
  /** As long as this without a change of progressKey. */
  stallMs?: number;
  /** What moves while it goes on, as people may read it: "3 of 7 ready". */
  progressKey?: () => string;
  onProgress?: (text: string) => void;
}

/** Should a change have been missed, it is seen after this. */
const safetyNetMs = 10_000;

/**
 * Waits until a predicate finds something; it is asked at each change, and not before all is known.
 * @throws TIMED_OUT, which tells what stands still from what still moves; what ends the mirror
 */
export async function waitUntil<T>(mirror: Mirror, predicate: () => T | undefined, waiting: Waiting): Promise<T> {
  const { what = "the cluster", withinMs, stallMs = Infinity, progressKey = () => "", onProgress } = waiting;
  const clock = presentClock(mirror);
  let progress: string | undefined;
  let moved = { at: clock.now(), time: new Date().toISOString() };
  let told: string | undefined;
  for (;;) {
    const change = mirror.changed();
    // Where it is given up below, nobody waits for it any more.
    change.catch(() => undefined);
    if (mirror.isSynced()) {
      const found = predicate();
      if (found !== undefined) return found;
      const key = progressKey();
      if (key !== progress) moved = { at: clock.now(), time: new Date().toISOString() };
      progress = key;
    }
    const away = mirror.away();
    const text = away === null ? (progress ?? "") : `the API server has not answered since ${away}`;
    if (text !== "" && text !== told) onProgress?.((told = text));
    const left = Math.min(withinMs - clock.now(), stallMs - (clock.now() - moved.at));
    if (left <= 0) throw tooLate({ what, withinMs, progress, movedAt: moved.time, stalls: clock.now() < withinMs });
    const stop = new AbortController();
    // While the API server is away, time does not count, and only its return is waited for.
    const timer = sleep(Math.max(1, Math.min(away === null ? left : Infinity, safetyNetMs)), undefined, stop);
    await Promise.race([change, timer]).finally(() => stop.abort());
  }
}

/**
 * Waits until one object is as it should be, and returns it.
 * @throws TIMED_OUT; what ends a watch
 */
export async function waitForObject(
  cluster: Cluster,
  kind: Kind,
  { name, namespace }: Pick<KubernetesObject["metadata"], "name" | "namespace">,
  holds: (object: KubernetesObject) => boolean,
  waiting: Waiting & { signal: AbortSignal },
): Promise<KubernetesObject> {
  const watched = mirror(cluster, [kind], namespace, waiting.signal);
  const look = () => {
    const object = watched.find(kind.kind, name);
    return object !== undefined && holds(object) ? object : undefined;
  };
  try {
    return await waitUntil(watched, look, waiting);
  } finally {
    watched.stop();
  }
}

/** Milliseconds since the beginning in which the API server answered. */
function presentClock(mirror: Mirror) {
  const startedAt = performance.now();
  let awayMs = 0;
  let awayFrom: number | undefined;
  return {
    now(): number {
      const now = performance.now();
      const since = mirror.away();
      if (since !== null) awayFrom ??= Math.max(startedAt, now - Math.max(0, Date.now() - Date.parse(since)));
      else if (awayFrom !== undefined) {
        awayMs += now - awayFrom;
        awayFrom = undefined;
      }
      return now - startedAt - awayMs - (awayFrom === undefined ? 0 : now - awayFrom);
    },
  };
}

interface Late {
  what: string;
  withinMs: number;
  progress: string | undefined;
  movedAt: string;
  stalls: boolean;
}

function tooLate({ what, withinMs, progress, movedAt, stalls }: Late) {
  const within = `within ${prettyMs(withinMs)}`;
  if (progress === undefined) return fail("TIMED_OUT", `waited for ${what}: the cluster could not be read ${within}`);
  const state = progress === "" ? "" : `: ${progress}`;
  if (stalls) return fail("TIMED_OUT", `waited for ${what}: standing still since ${movedAt}${state}`);
  return fail(
    "TIMED_OUT",
    `waited for ${what}: still moving at ${movedAt}, but not there ${within}${state}`,
    "Retry waits again; give it more time in the plan if this is how long it takes.",
  );
}
