import { fail } from "../failures.ts";
import type { CheckRecord } from "../report/record.ts";
import type { StepContext } from "./step.ts";
import type { Verification } from "./verbs.ts";

/**
 * How a verification ends. What failed beside a live target is only reported; when the data is lost otherwise, a person
 * decides whether it goes into place.
 * @throws CHECKS_FAILED, with the verification
 */
export function conclude(
  component: string,
  found: Omit<Verification, "note">,
  { run }: Pick<StepContext, "run">,
): Verification {
  const { checks } = found;
  const verification = {
    ...found,
    note: `${checks.filter(({ passed }) => passed).length} of ${checks.length} checks passed`,
  };
  const failed = checks.filter(({ passed, proven }) => proven && !passed);
  if (failed.length === 0 || run.scenario === "none") return verification;
  const what = failed.map(({ title, found: instead }: CheckRecord) => `${title}: ${instead}`).join("; ");
  throw fail("CHECKS_FAILED", `${component}: ${what}`.slice(0, 1_500), undefined, { verification });
}

/** The same for what has come back by itself, and is in its place already. @throws CHECKS_FAILED, with the verification */
export function requirePassed(verification: Verification): Verification {
  const failed = verification.checks.filter(({ passed, proven }) => proven && !passed);
  if (failed.length === 0) return verification;
  const { title, found } = failed[0]!;
  const more = failed.length === 1 ? "" : `, and ${failed.length - 1} more`;
  const hint = "Retry checks again; skip leaves it as it is, and the verdict is FAIL.";
  throw fail("CHECKS_FAILED", `${title}: ${found}${more}`, hint, { verification });
}
