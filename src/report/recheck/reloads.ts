import type { RunRecord } from "../record.ts";
import type { Difference } from "./differences.ts";

/** A plan that was read again is the one that the run goes by from then on. */
export function checkReloads({ plan, steps }: RunRecord): Difference[] {
  const decisions = steps.flatMap((step) => step.decisions.map((decision) => ({ step, ...decision })));
  const reloads = decisions
    .filter(({ reloaded }) => reloaded !== undefined)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const last = reloads.at(-1)?.reloaded?.sha256;
  return [
    ...reloads
      .filter(({ action }) => action !== "retry")
      .map(({ step, action }) => ({
        path: `steps.${step.id}.decisions`,
        stands: action,
        should: "retry, as the plan was read again for it",
      })),
    ...(last === undefined || last === plan.sha256
      ? []
      : [{ path: "plan.sha256", stands: plan.sha256, should: `${last}, as it was read again last` }]),
  ];
}
