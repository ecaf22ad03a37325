import type { Cluster } from "./cluster.ts";
import type { KubernetesObject } from "./object.ts";
import { apiVersionOf, type Kind } from "./paths.ts";
import { follow, usualPace } from "./watch.ts";

/** What is known of some kinds, kept up to date by watches. */
export interface Mirror {
  objects: () => KubernetesObject[];
  find: (kind: string, name: string) => KubernetesObject | undefined;
  /** Whether all that was there at the beginning is known. */
  isSynced: () => boolean;
  /**
   * Ends at the next change, also one of `away`; ask before looking, so that none is missed.
   * @throws what no watch can go on after; the signal's reason
   */
  changed: () => Promise<void>;
  /** Since when the API server has answered none of the watches; null while it answers. */
  away: () => string | null;
  stop: () => void;
}

/** @param namespace that of namespaced kinds; all of them where it is missing */
export function mirror(
  cluster: Cluster,
  kinds: Kind[],
  namespace: string | undefined,
  signal: AbortSignal,
  pace = usualPace,
): Mirror {
  const stopped = new AbortController();
  const ends = AbortSignal.any([signal, stopped.signal]);
  const known = new Map<string, KubernetesObject>();
  const unsynced = new Set(kinds);
  const awaySince = new Map<Kind, string>();
  let next = Promise.withResolvers<void>();
  let failure: { error: unknown } | undefined;

  const wake = () => {
    next.resolve();
    next = Promise.withResolvers();
  };
  for (const kind of kinds) {
    const follower = {
      onChange(object: KubernetesObject, state: "there" | "gone") {
        const key = `${apiVersionOf(kind)}/${kind.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
        if (state === "there") known.set(key, object);
        else known.delete(key);
        wake();
      },
      onSynced() {
        unsynced.delete(kind);
        wake();
      },
      onAway(since: string | null) {
        if (since === null) awaySince.delete(kind);
        else awaySince.set(kind, since);
        wake();
      },
    };
    void follow(cluster, kind, { namespace: kind.namespaced ? namespace : undefined }, follower, ends, pace)
      .catch((error: unknown) => void (failure ??= { error }))
      .then(wake);
  }
  return {
    objects: () => [...known.values()],
    find: (kind, name) => [...known.values()].find((object) => object.kind === kind && object.metadata.name === name),
    isSynced: () => unsynced.size === 0,
    async changed() {
      const change = next.promise;
      if (failure === undefined && !ends.aborted) await change;
      if (failure !== undefined) throw failure.error;
      ends.throwIfAborted();
    },
    // An extension server that is dead is away alone: only the API server takes all the watches with it.
    away: () => (awaySince.size < kinds.length ? null : ([...awaySince.values()].toSorted().at(-1) ?? null)),
    stop: () => stopped.abort(),
  };
}
