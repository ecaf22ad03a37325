import { condition } from "@temporalio/workflow";
import { fail } from "../failures.ts";
import type { Plan } from "../plan/schema.ts";
import { type ApprovalRequest, approvers, validApprovals, whyRefused } from "../report/approvals.ts";
import type { Approval, Approvals } from "../report/people.ts";
import type { RunRecord } from "../report/record.ts";
import { checkPerson } from "./messages.ts";

export function newApprovals({ approvals }: Plan): Approvals | null {
  if (approvals === undefined) return null;
  const { destroy, from, within } = approvals;
  return { needed: destroy, from: from ?? null, withinSeconds: within / 1_000, given: [], refused: [] };
}

/** The approvals of a run: taken from its start on, so that nobody has to wait for the moment before the destruction. */
export function createApprovals(record: RunRecord, now: () => string, show: () => void) {
  /** @throws REFUSED when it does not count; the record then tells of it */
  async function approve(request: ApprovalRequest): Promise<{ approvedBy: string[]; needed: number }> {
    // What has to be approved is not known before the plan was read.
    if (record.plan.sha256 === "") await condition(() => record.plan.sha256 !== "");
    const by = request.by.trim();
    const { reason } = request;
    const at = now();
    const why = whyRefused(record, request, at);
    const { approvals } = record;
    if (why !== undefined || approvals === null) {
      if (approvals === null) record.ignoredDecisions.push({ at, why: `approval of ${by}: ${why}` });
      else approvals.refused.push({ by, at, why: why! });
      show();
      throw fail("REFUSED", why!, "Nothing was changed by it; the report tells of it.");
    }
    approvals.given.push({ by, reason, at });
    show();
    return { approvedBy: approvers(approvals, at), needed: approvals.needed };
  }

  return {
    approveByUpdate: approve,
    approveBySignal: (request: ApprovalRequest): void => {
      try {
        checkApproval(request);
      } catch (error) {
        record.ignoredDecisions.push({ at: now(), why: `approval: ${(error as Error).message}` });
        return show();
      }
      void approve(request).catch(() => "the record tells of it");
    },
    /** Those that count now; what a step that destroys is told. */
    valid(): Approval[] {
      const { approvals } = record;
      return approvals === null ? [] : validApprovals(approvals, now());
    },
    areEnough: () => record.approvals === null || approvers(record.approvals, now()).length >= record.approvals.needed,
  };
}

/** Checks the form of an approval: pure and synchronous, as an update's validator must be. @throws REQUEST_INVALID */
export function checkApproval(input: unknown): void {
  checkPerson("approval", input, ["planSha256"]);
  const { planSha256 } = input as Partial<Record<string, unknown>>;
  if (planSha256 !== undefined && (typeof planSha256 !== "string" || !/^[0-9a-f]{8,64}$/.test(planSha256)))
    throw fail("REQUEST_INVALID", `${JSON.stringify(planSha256)} is no sha256 of a plan, nor the beginning of one`);
}
