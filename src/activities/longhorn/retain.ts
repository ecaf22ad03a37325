import type { Retention } from "../verbs.ts";

/**
 * Nothing is removed: with the object of a backup Longhorn deletes its data in the store, and a slip there would cost all of them.
 * How many are kept is for Longhorn's own RecurringJobs, or the store's rules, to say.
 */
export function retainLonghorn(): Promise<Retention> {
  return Promise.resolve({ removed: [], note: "nothing removed: Firedrill deletes no backup of Longhorn's" });
}
