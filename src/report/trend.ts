import { measured } from "./words.ts";
import type { RunRecord, Verdict } from "./record.ts";

/** How a drill stands against those before it. */

/** A drill of before, as the report of a later one compares itself with it. */
export interface PastDrill {
  workflowId: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  verdict: Verdict;
  rtoSeconds: number | null;
  rpoSeconds: number | null;
}

/** Drills before one that it is compared with; fewer at the beginning. */
export const comparedWith = 5;

/**
 * For each drill the change against the median of up to five before it: 0.25 is a quarter slower, -0.1 a tenth faster.
 * Null where nothing was measured, then or now.
 * @param seconds of drills in the order in which they were; null where it was not measured
 */
export function changes(seconds: (number | null)[]): (number | null)[] {
  return seconds.map((now, index) => {
    const before = seconds
      .slice(0, index)
      .filter((one) => one !== null)
      .slice(-comparedWith);
    if (now === null || before.length === 0) return null;
    const sorted = before.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
    return median === 0 ? null : now / median - 1;
  });
}

/** The change in words: "12 % slower" of an RTO, "12 % more" of an RPO. */
export function changeWords(change: number | null, of: "rto" | "rpo"): string {
  if (change === null) return "";
  const percent = Math.round(Math.abs(change) * 100);
  const [more, less] = of === "rto" ? ["slower", "faster"] : ["more", "less"];
  return percent === 0 ? "as before" : `${percent} % ${change > 0 ? more : less}`;
}

/** A drill in the table of a report: the ones before and, last, the report's own. */
export interface TrendRow extends Omit<PastDrill, "verdict"> {
  verdict: Verdict | null;
  rto: string;
  rpo: string;
}

/** Empty where there is nothing to compare. */
export function trendRows({ before, run, startedAt, verdict, rto, rpo }: RunRecord): TrendRow[] {
  if (before.length === 0) return [];
  const own = { workflowId: run.workflowId, startedAt, verdict, rtoSeconds: rto.seconds, rpoSeconds: rpo.seconds };
  const all = [...before, own];
  const rtos = changes(all.map(({ rtoSeconds }) => rtoSeconds));
  const rpos = changes(all.map(({ rpoSeconds }) => rpoSeconds));
  const told = (of: "rto" | "rpo", value: number | null, change: number | null) =>
    [measured(value), changeWords(change, of)].filter((word) => word !== "").join(", ");
  return all.map((one, index) => ({
    ...one,
    rto: told("rto", one.rtoSeconds, rtos[index]!),
    rpo: told("rpo", one.rpoSeconds, rpos[index]!),
  }));
}
