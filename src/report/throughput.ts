import { stepId } from "../plan/steps.ts";
import { bytes, seconds } from "./format.ts";
import type { ComponentRecord, RunRecord, StepRecord } from "./record.ts";

/** How fast backups were made and restored. */

/** A person is no part of how fast it goes. */
const working = new Set(["ran", "failed", "died", "resuming", "unanswered"]);

/** Seconds in which the step was at work, with the attempts that came to nothing; undefined when it is not done. */
function workSeconds({ status, carriedOver, stretches }: StepRecord): number | undefined {
  if (status !== "done" || carriedOver) return undefined;
  const times = stretches.filter(({ kind }) => working.has(kind));
  return times.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0);
}

/** Whether the size of the backup is what was moved: pgBackRest tells what it has added, and a Job may have restored it before. */
function isWhole(verb: "backup" | "restore", { kind }: ComponentRecord, { note }: StepRecord): boolean {
  return verb === "backup" || (kind !== "pgbackrest" && note?.includes(" restored by ") !== true);
}

/**
 * "12s, 8.3 MB/s" of the step that has made or restored a component's backup, by the size of the backup: of one that adds to
 * another less was moved. Null where there is nothing to tell.
 */
export function throughputWords(
  record: RunRecord,
  component: ComponentRecord,
  verb: "backup" | "restore",
): string | null {
  const step = record.steps.find(({ id }) => id === stepId(verb, component.name));
  if (step === undefined || component.backup === null) return null;
  const taken = workSeconds(step);
  if (taken === undefined || taken <= 0) return null;
  const size = isWhole(verb, component, step) ? component.backup.bytes : 0;
  return size === 0 ? seconds(taken) : `${seconds(taken)}, ${bytes(size / taken)}/s`;
}
