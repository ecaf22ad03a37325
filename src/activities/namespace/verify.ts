import { fail } from "../../failures.ts";
import { seconds as secondsText } from "../../report/format.ts";
import type { Diagnosis } from "../../report/record.ts";
import type { StepContext } from "../step.ts";
import type { Verification } from "../verbs.ts";
import { compareNow } from "./compare-now.ts";
import { requireSame } from "./same.ts";
import { askHttp } from "./http-check.ts";
import { expected, recallInventory, recallRecovery, type Recovery } from "./memory.ts";
import { downtime, type Sample, samplesSince } from "./probes.ts";
import { type Session, withCluster } from "./session.ts";
import { surveyNamespace } from "./survey.ts";
import type { NamespaceInput } from "./verbs.ts";

type Input = Omit<NamespaceInput, "run">;

/** Compares every object with the inventory of before, and asks the checks from outside once more. @throws CHECKS_FAILED */
export async function verifyNamespace(input: Input, context: StepContext): Promise<Verification> {
  return await withCluster(input.access, context, async (session) => {
    const verification = await checkNamespace(input, session, context);
    const failed = verification.checks.filter(({ passed, proven }) => proven && !passed);
    if (failed.length === 0) return verification;
    const { title, found } = failed[0]!;
    const more = failed.length === 1 ? "" : `, and ${failed.length - 1} more`;
    throw fail(
      "CHECKS_FAILED",
      `${title}: ${found}${more}`,
      "Retry checks again; skip leaves it as it is, and the verdict is FAIL.",
      {
        verification,
      },
    );
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
  const samples = withoutData(await samplesSince(component, context, recovery.lostAt), recovery);
  const outside = await Promise.all(component.checks.map((check) => outsideCheck(check, samples, context)));
  const checks = [...rows, ...outside.map(({ check }) => check)].map((check) => ({ ...check, negativeControl: null }));
  const passed = checks.filter((check) => check.passed).length;
  const downtimes = outside.map(({ seconds }) => seconds);
  return {
    checks,
    newestRecoveredAt: null,
    verifiedAt: new Date().toISOString(),
    note: `${passed} of ${checks.length} checks passed, ${entries.length} objects compared`,
    ...(causes.length > 0 && { causes }),
    ...(component.checks.length > 0 && {
      downtimeSeconds: downtimes.includes(null) ? null : Math.max(...(downtimes as number[])),
    }),
  };
}

/** An application that answers before its data is back answers for nothing. */
function withoutData(samples: Sample[], { dataAt = "" }: Recovery): Sample[] {
  return samples.map((sample) => (sample.at < dataAt ? { ...sample, ok: false } : sample));
}

async function outsideCheck(check: Input["component"]["checks"][number], samples: Sample[], { signal }: StepContext) {
  const now = await askHttp(check, signal);
  const seconds = downtime([...samples, { url: check.url, at: new Date().toISOString(), ...now }], check.url);
  return {
    seconds,
    check: {
      name: check.url,
      title: `HTTP ${check.host ?? check.url}`,
      proven: true,
      passed: now.ok,
      exact: true,
      expected: `status ${check.status}${check.contains === undefined ? "" : ", with the text that it should contain"}`,
      found: now.ok ? `${now.found}; without an answer for ${secondsText(seconds ?? 0)}` : now.found,
    },
  };
}
