import prettyMilliseconds from "pretty-ms";
import { fail } from "../../failures.ts";
import { slackSeconds } from "../../report/clock.ts";
import type { Seen } from "./finding.ts";

/**
 * Judges how far the worker's clock is ahead of another one. Asking takes time, so that it is known between two bounds only.
 * @param least @param most milliseconds; negative where it is behind
 * @param other whose clock that is
 * @throws NOT_PROVEN where a restore could not be measured any more
 */
export function judgeClock(least: number, most: number, other: string): Seen {
  const certain = least > 0 ? least : Math.min(most, 0);
  const seconds = Math.abs(certain) / 1_000;
  const message =
    certain === 0
      ? `agrees with ${other}, to within ${prettyMilliseconds(Math.max(most, -least, 1))}`
      : `is ${prettyMilliseconds(Math.abs(certain))} ${certain > 0 ? "ahead of" : "behind"} ${other}`;
  const hint =
    "Let NTP or chrony set the clocks of both: a restore's RTO and a backup's age are read from two of them.";
  if (seconds > slackSeconds.severalClocks) throw fail("NOT_PROVEN", `the worker's clock ${message}`, hint);
  return seconds > slackSeconds.oneClock ? { message: `the worker's clock ${message}`, hint } : message;
}
