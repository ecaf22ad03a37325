import type { Approval, Approvals } from "./people.ts";
import type { RunRecord } from "./record.ts";

/** Who may destroy: what an approval must be, and which ones count at a moment. */

/** What a person says who approves. */
export interface ApprovalRequest {
  by: string;
  reason: string;
  /** The plan that the person has read, or the beginning of it (8 characters or more); any where it is missing. */
  planSha256?: string;
}

/** A name as people are told apart by it: without what one does not see, in whatever form of Unicode it was typed. */
export function plainName(name: string): string {
  return name
    .normalize("NFKC")
    .replaceAll(/\p{Cf}/gu, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

const same = (one: string, other: string) => plainName(one) === plainName(other);

/** Those of a plan's approvers who may approve a run that `by` has started, each of them once. */
export function othersThan(by: string, from: string[]): string[] {
  return from.filter((one, index) => !same(one, by) && from.findIndex((other) => same(one, other)) === index);
}

/** Those that count at a moment: of distinct people, none of whom approved too long ago. @param at ISO 8601 */
export function validApprovals(
  { given, withinSeconds }: Pick<Approvals, "given" | "withinSeconds">,
  at: string,
): Approval[] {
  const since = Date.parse(at) - withinSeconds * 1_000;
  return given.filter((one) => Date.parse(one.at) > since);
}

/** The names of those whose approval counts at a moment. @param at ISO 8601 */
export function approvers(approvals: Pick<Approvals, "given" | "withinSeconds">, at: string): string[] {
  return validApprovals(approvals, at).map(({ by }) => by);
}

/** Why an approval does not count; undefined when it does. */
export function whyRefused(record: RunRecord, request: ApprovalRequest, at: string): string | undefined {
  const { approvals, plan, run } = record;
  const { by, planSha256 } = request;
  if (approvals === null) return `this run asks for no approvals: nothing in plan ${plan.name} says so`;
  if (same(by, run.by)) return `${by} has started this run; somebody else must approve it`;
  if (approvals.from !== null && !approvals.from.some((one) => same(one, by)))
    return `${by} may not approve; plan ${plan.name} names ${approvals.from.join(", ")}`;
  if (approvers(approvals, at).some((one) => same(one, by))) return `${by} has approved already; another person must`;
  if (planSha256 !== undefined && !plan.sha256.startsWith(planSha256))
    return `${by} has approved another plan: this run's has sha256 ${plan.sha256}`;
  return undefined;
}

/** How far it is: "1 of 2 people have approved (bert)". */
export function approvalsSoFar(approvals: Approvals, at: string): string {
  const names = approvers(approvals, at);
  return `${names.length} of ${approvals.needed} people have approved${names.length === 0 ? "" : ` (${names.join(", ")})`}`;
}
