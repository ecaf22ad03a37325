import { setTimeout as sleep } from "node:timers/promises";
import type { Api, KubernetesObject } from "../operators/api.ts";

/**
 * One loop for one kind of object, as controllers have it: an object is treated when it is there, changes or is gone, never twice
 * at a time, and again after an error. What `treat` returns is the time in ms after which it wants to look again.
 */
export interface Controller<T extends KubernetesObject> {
  /** The objects as they were last seen, by name; of kinds with namespaces by `namespace/name`. */
  known: Map<string, T>;
  /** Treats it soon, although it has not changed. */
  again: (key: string) => void;
}

export function control<T extends KubernetesObject>(
  api: Api,
  path: string,
  treat: (object: T, gone: boolean) => Promise<number | void>,
): Controller<T> {
  const known = new Map<string, T>();
  const busy = new Set<string>();
  const dirty = new Map<string, T>();
  const timers = new Map<string, NodeJS.Timeout>();

  async function work(key: string): Promise<void> {
    if (busy.has(key)) return;
    busy.add(key);
    clearTimeout(timers.get(key));
    for (let object = dirty.get(key); object !== undefined; object = dirty.get(key)) {
      dirty.delete(key);
      try {
        // A watch may be behind what was written a moment ago.
        const current = isOurs(path) ? await api.call<T>("GET", `${path}/${key}`) : known.get(key);
        const wait = await treat(current ?? object, current === undefined);
        if (typeof wait === "number") timers.set(key, later(key, wait));
      } catch (error) {
        console.error(`${path} ${key}: ${String(error)}`);
        timers.set(key, later(key, 500));
      }
    }
    busy.delete(key);
  }

  const later = (key: string, ms: number) => setTimeout(() => again(key), ms);

  function again(key: string): void {
    const object = known.get(key);
    if (object === undefined) return;
    dirty.set(key, object);
    void work(key);
  }

  async function run(): Promise<void> {
    for await (const { object, gone } of api.follow<T>(path)) {
      const { namespace, name } = object.metadata;
      const key = isOurs(path) || namespace === undefined ? name : `${namespace}/${name}`;
      if (gone) known.delete(key);
      else known.set(key, object);
      dirty.set(key, object);
      void work(key);
    }
  }

  void run();
  return { known, again };
}

const isOurs = (path: string) => path.startsWith("/apis/longhorn.io/");

/** Waits while something holds. */
export async function whilst(holds: () => Promise<boolean>): Promise<void> {
  while (await holds()) await sleep(250);
}
