import type { Attempt } from "../activities/verbs.ts";

/**
 * The time of a run for its record. A workflow's own time stands still until its next task begins, and a query that a new
 * worker answers first shows it what has happened since then by the time of the task before. So it is moved on by what
 * activities say of themselves, and never goes back.
 */
export function createClock() {
  let latest = 0;
  return {
    /** ISO 8601 in UTC. */
    now(): string {
      latest = Math.max(latest, Date.now());
      return new Date(latest).toISOString();
    },
    /**
     * Moves on by what the attempts of an activity took, where the workflow's own time has stood still meanwhile. Only
     * there: the worker's clock may be set, too.
     * @param from when the activity was scheduled, by this clock; `own` the same by the workflow's own time
     */
    passed(from: string, own: number, attempts: Attempt[]): void {
      const [first, last] = [attempts[0], attempts.at(-1)];
      if (first === undefined || last === undefined || Date.now() > own) return;
      latest = Math.max(latest, Date.parse(from) + Date.parse(last.endedAt) - Date.parse(first.startedAt));
    },
  };
}
