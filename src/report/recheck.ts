import { saysEndedOutside } from "./ended-outside.ts";
import { checkApprovals } from "./recheck/approvals.ts";
import { checkComponent } from "./recheck/checks.ts";
import { type Difference, differences } from "./recheck/differences.ts";
import { checkEnding } from "./recheck/ending.ts";
import { checkOrder } from "./recheck/order.ts";
import { checkReloads } from "./recheck/reloads.ts";
import { checkStep } from "./recheck/steps.ts";
import type { RunRecord } from "./record.ts";
import { RunRecordSchema } from "./schema.ts";
import { judge } from "./verdict.ts";

/**
 * Computes again what a record says of itself and names all that is not so: its form, the verdict and the numbers, and
 * what contradicts itself. Takes any JSON value and never throws. A record that was forged with care agrees with itself;
 * that takes a comparison with what the workflow holds.
 */
export function recheck(input: unknown): { record: RunRecord | null; found: Difference[] } {
  const parsed = RunRecordSchema.safeParse(input);
  if (!parsed.success) {
    const found = parsed.error.issues.map(({ path, message }) => ({
      path: path.join("."),
      stands: valueAt(input, path),
      should: message,
    }));
    return { record: null, found };
  }
  const record = parsed.data;
  const found = [
    ...checkEnding(record),
    ...checkOrder(record),
    ...checkApprovals(record),
    ...checkReloads(record),
    ...record.steps.flatMap(checkStep),
    ...record.components.flatMap((component) => checkComponent(component, record)),
    ...rejudge(record),
  ];
  return { record, found };
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  let at = input;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Of an open run nothing was judged yet. */
function rejudge(record: RunRecord): Difference[] {
  if (record.endedAt === null) return [];
  const judged = judge(record);
  const should = { ...judged, summary: saysEndedOutside(record) + judged.summary };
  const stands = Object.fromEntries(Object.keys(should).map((key) => [key, record[key as keyof typeof should]]));
  return differences(stands, should);
}
