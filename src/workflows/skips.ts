import { fail } from "../failures.ts";
import { refuseWithin, windowAt } from "../guard/freeze.ts";
import type { FreezeWindow } from "../plan/schedule-schema.ts";
import type { RunRecord } from "../report/record.ts";

/**
 * A drill of a schedule does not even look at what the plan has frozen: what is down for maintenance would let it wait for
 * a person. Drills that a person starts are refused by the guard.
 * @throws REFUSED
 */
export function leaveWhatIsFrozen(record: RunRecord, windows: FreezeWindow[], now: string): void {
  const { type, scheduled } = record.run;
  const window = scheduled && type === "exercise" ? windowAt(windows, now) : undefined;
  if (window === undefined) return;
  const refusal = refuseWithin(window, null, `plan ${record.plan.name}`);
  record.refusals.push(refusal);
  throw fail("REFUSED", refusal.message, refusal.hint);
}
