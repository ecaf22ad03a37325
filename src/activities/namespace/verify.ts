import type { Diagnosis } from "../../report/record.ts";
import type { StepContext } from "../step.ts";
import type { Verification } from "../verbs.ts";
import { compareNow } from "./compare-now.ts";
import { requirePassed } from "../conclude.ts";
import { requireSame } from "./same.ts";
import { expected, recallInventory, recallRecovery } from "./memory.ts";
import { checkOutside } from "../outside/checks.ts";
import { type Session, withCluster } from "../kubernetes/session.ts";
import { surveyNamespace } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run">;

/** Compares every object with the inventory of before, and asks the checks from outside once more. @throws CHECKS_FAILED */
export async function verifyNamespace(input: Input, context: StepContext): Promise<Verification> {
  return await withCluster(input.access, context, async (session) => {
    return requirePassed(await checkNamespace(input, session, context));
  });
}

/** @param causes why something is not back, where somebody has found out */
export async function checkNamespace(
  { component }: Input,
  session: Session,
  context: StepContext,
  causes: Diagnosis[] = [],
): Promise<Verification> {
  context.progress("comparing every object with what it was");
  const inventory = await recallInventory(context, component.name);
  const recovery = await recallRecovery(context, component.name);
  requireSame(session, undefined, inventory);
  const survey = await surveyNamespace(session, component.namespace);
  const entries = expected(inventory);
  const rows = compareNow(inventory, survey, recovery, context.run.nonce);
  const outside = await checkOutside(component, context, recovery);
  const checks = [...rows, ...outside.checks].map((check) => ({ ...check, negativeControl: null }));
  const passed = checks.filter((check) => check.passed).length;
  return {
    checks,
    newestRecoveredAt: null,
    verifiedAt: new Date().toISOString(),
    note: `${passed} of ${checks.length} checks passed, ${entries.length} objects compared`,
    ...(causes.length > 0 && { causes }),
    ...outside.downtime,
  };
}
