import type { RunRecord, StepStatus } from "./record.ts";
import { judge } from "./verdict.ts";

/** What is said of a run that could not end by itself: terminated, or timed out. */

const sentence = /^Ended from outside \([a-z_]+\)(; the worker cleaned up)?\. /;

const open = new Set<StepStatus>(["running", "waiting", "paused"]);

/**
 * @param status what Temporal calls it, such as TERMINATED
 * @param left what the worker could not remove; null where nobody knows whether it has cleaned up already
 */
export function endedOutside(record: RunRecord, status: string, left: RunRecord["leftovers"] | null): RunRecord {
  const steps = record.steps.map((step) => (open.has(step.status) ? { ...step, status: "cancelled" as const } : step));
  const closed: RunRecord = { ...record, steps, leftovers: left ?? record.leftovers, status: "cancelled" };
  const judged = judge(closed);
  const how = `Ended from outside (${status.toLowerCase()})${left === null ? "" : "; the worker cleaned up"}.`;
  return { ...closed, ...judged, summary: `${how} ${judged.summary}` };
}

/** Whether the worker has written it, after it had cleaned up. */
export function saysCleanedUp({ summary }: RunRecord): boolean {
  return sentence.exec(summary)?.[1] !== undefined;
}

/** The beginning of the summary that says so; empty for a run that ended by itself. */
export function saysEndedOutside({ status, summary }: RunRecord): string {
  return status === "cancelled" ? (sentence.exec(summary)?.[0] ?? "") : "";
}
