import { approvers, whyRefused } from "../approvals.ts";
import type { RunRecord } from "../record.ts";
import type { Difference } from "./differences.ts";

/** Approvals that count must be ones that the run would have taken, and enough of them before it went on to destroy. */
export function checkApprovals(record: RunRecord): Difference[] {
  const { approvals, run, steps, plan } = record;
  if (approvals === null) {
    const destroyed = steps.find(({ destroys, status, carriedOver }) => destroys && status === "done" && !carriedOver);
    return plan.environment === "production" && destroyed !== undefined
      ? [{ path: "approvals", stands: null, should: `some, as ${destroyed.id} is done in production` }]
      : [];
  }
  const wrong: Difference[] = [];
  for (const [index, { by, reason, at }] of approvals.given.entries()) {
    const before = { ...approvals, given: approvals.given.slice(0, index) };
    const why = whyRefused({ ...record, approvals: before }, { by, reason }, at);
    if (why !== undefined) wrong.push({ path: `approvals.given[${index}].by`, stands: by, should: `refused: ${why}` });
  }
  const step = steps.find(({ phase }) => phase === "approve");
  // A restore of what is gone destroys nothing, which its record does not tell.
  if (run.type !== "exercise" || step?.status !== "done" || step.endedAt === null) return wrong;
  const count = approvers(approvals, step.endedAt).length;
  if (count < approvals.needed)
    wrong.push({ path: "approvals.given", stands: count, should: `${approvals.needed}, as ${step.id} is done` });
  return wrong;
}
