import type { RunRecord } from "./record.ts";

/**
 * A run of a schedule that guards did not let go on, only for what will be over by itself, is skipped: nobody has to do
 * anything about it. A person who starts a run is there to read why it is refused.
 */
export function isSkipped({ run, refusals }: Pick<RunRecord, "run" | "refusals">): boolean {
  return run.scheduled === true && refusals.length > 0 && refusals.every(({ passes }) => passes === true);
}
