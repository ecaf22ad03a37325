import { ApplicationFailure } from "@temporalio/common";
import type { Cluster } from "./cluster.ts";
import type { KubernetesObject } from "./object.ts";
import type { Kind, Selection } from "./paths.ts";
import { isAboutTrust, statusOf } from "./refusal.ts";
import { rest } from "../rest.ts";
import { backoffMs } from "./request.ts";
import { watchOnce, type WatchLimits } from "./watch-stream.ts";

export interface Follower {
  /** Each version of an object that was seen; `gone` with the last one that was known. */
  onChange: (object: KubernetesObject, state: "there" | "gone") => void;
  /** Once, when all that was there at the beginning has been reported. */
  onSynced?: () => void;
  /** The API server does not answer since that time (ISO 8601); null when it answers again. */
  onAway?: (since: string | null) => void;
}

export interface Pace extends WatchLimits {
  /** Everything is listed anew, in case that a change was missed. */
  relistMs: number;
  /** Between attempts, doubled from the first to the last. */
  firstBackoffMs: number;
  lastBackoffMs: number;
  /** A server that has just come back may refuse for so long what it will allow. */
  settleMs: number;
}

export const usualPace: Pace = {
  lengthMs: 240_000,
  quietMs: 90_000,
  connectMs: 30_000,
  relistMs: 300_000,
  firstBackoffMs: 1_000,
  // Whoever waits for something to be ready wants to know it at once when the API server is back.
  lastBackoffMs: 2_000,
  settleMs: 30_000,
};

/**
 * Reports all objects of a kind and what becomes of them, until the signal ends it. Lost connections, an API server that is
 * away and versions that it has forgotten are not its end.
 * @throws what trying again does not mend: AUTHENTICATION_FAILED, PERMISSION_DENIED, API_REFUSED (the kind is not served),
 *   SYSTEM_UNREACHABLE (the CA is another); and what a callback throws
 */
export async function follow(
  cluster: Cluster,
  kind: Kind,
  selection: Selection,
  follower: Follower,
  signal: AbortSignal,
  pace = usualPace,
): Promise<void> {
  const once = cluster.with({ signal, withinMs: 0, requestMs: pace.connectMs });
  const known = new Map<string, KubernetesObject>();
  const trouble = troubleOf(follower, pace, signal);
  let synced = false;

  function take(object: KubernetesObject, state: "there" | "gone"): void {
    const key = `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    const before = known.get(key);
    // One of the same name that was made anew is another one: its predecessor is gone.
    if (before !== undefined && before.metadata.uid !== object.metadata.uid && state === "there") leave(key, before);
    if (state === "gone") return leave(key, object);
    if (known.get(key)?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    known.set(key, object);
    follower.onChange(object, "there");
  }

  function leave(key: string, object: KubernetesObject): void {
    if (known.delete(key)) follower.onChange(object, "gone");
  }

  /** @returns the version from which a watch goes on; undefined where the list could not be had */
  async function relist(): Promise<string | undefined> {
    const listed = await once.list(kind, selection).catch((error: unknown) => error as Error);
    if (signal.aborted) return undefined;
    if (listed instanceof Error) {
      await trouble.wait(listed);
      return undefined;
    }
    trouble.answered();
    const there = new Set(listed.objects.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`));
    for (const [key, object] of known) if (!there.has(key)) leave(key, object);
    for (const object of listed.objects) take(object, "there");
    if (!synced) follower.onSynced?.();
    synced = true;
    return listed.resourceVersion;
  }

  /** Watches, again and again, until everything has to be listed anew. */
  async function watchFrom(version: string): Promise<void> {
    const until = performance.now() + pace.relistMs;
    for (let from = version; !signal.aborted && performance.now() < until;) {
      const limits = { ...pace, lengthMs: Math.min(pace.lengthMs, until - performance.now()) };
      for await (const item of watchOnce(cluster, kind, selection, from, limits, signal)) {
        if (item.type === "open") trouble.answered();
        else if (item.type !== "end") {
          from = item.object.metadata.resourceVersion ?? from;
          if (item.type !== "BOOKMARK") take(item.object, item.type === "DELETED" ? "gone" : "there");
        } else if (item.how !== "failed") {
          await trouble.breathe(item.how);
          if (item.how === "expired") return;
        } else {
          // The list that follows asks for credentials anew.
          if (statusOf(item.failure) === 401) return await trouble.backOff();
          await trouble.wait(item.failure);
        }
      }
    }
  }

  while (!signal.aborted) {
    const version = await relist();
    if (version !== undefined) await watchFrom(version);
  }
}

/** Refusals that end by themselves: a server that is busy, or that forgets the pages of a list before they are read. */
const passing = new Set<number | undefined>([429, 410]);

/** What goes wrong in a row, and how long to wait for its end. The first attempt after a time without trouble is made at once. */
function troubleOf({ onAway }: Follower, pace: Pace, signal: AbortSignal) {
  let failures = 0;
  let answeredAt = -Infinity;
  let awaySince: string | null = null;
  let lastAwayAt = -Infinity;
  /** Since when nothing was heard, where a connection was given up for that. */
  let quietSince: string | undefined;

  async function backOff(): Promise<void> {
    if (answeredAt > 0 && performance.now() - answeredAt > pace.firstBackoffMs) failures = 0;
    answeredAt = -Infinity;
    if (failures > 0) await rest(backoffMs(failures - 1, pace.firstBackoffMs, pace.lastBackoffMs), signal);
    failures += 1;
  }

  return {
    backOff,
    /** @throws what waiting does not mend */
    async wait(failure: Error): Promise<void> {
      const status = statusOf(failure);
      const unreachable = failure instanceof ApplicationFailure && failure.type === "SYSTEM_UNREACHABLE";
      const isAway = unreachable && status !== 429 && !isAboutTrust(failure);
      if (isAway) {
        lastAwayAt = performance.now();
        if (awaySince === null) onAway?.((awaySince = quietSince ?? new Date().toISOString()));
      } else if (!passing.has(status) && performance.now() - lastAwayAt > pace.settleMs) throw failure;
      await backOff();
    },
    answered(): void {
      answeredAt = performance.now();
      quietSince = undefined;
      if (awaySince === null) return;
      awaySince = null;
      onAway?.(null);
    },
    /** After a watch that was answered and ended. */
    async breathe(how: "clean" | "quiet" | "expired"): Promise<void> {
      if (how === "quiet") quietSince = new Date(Date.now() - pace.quietMs).toISOString();
      await backOff();
    },
  };
}
