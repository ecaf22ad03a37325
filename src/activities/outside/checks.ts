import type { HttpCheck } from "../../plan/cluster-parts.ts";
import { seconds as secondsText } from "../../report/format.ts";
import type { CheckRecord } from "../../report/record.ts";
import type { StepContext } from "../step.ts";
import { askHttp } from "./http-check.ts";
import { downtime, type Sample, samplesSince } from "./probes.ts";

/** The checks from outside of a component, after it has come back. */

interface Checked {
  name: string;
  checks: HttpCheck[];
}

interface Outside {
  checks: Omit<CheckRecord, "negativeControl">[];
  /** Missing without checks. */
  downtime: { downtimeSeconds?: number | null };
}

/**
 * Asks each once more; what it has answered since the loss tells for how long it did not.
 * @param moments `dataAt`: who answers before that has no data yet, and answers for nothing
 */
export async function checkOutside(
  component: Checked,
  context: StepContext,
  { lostAt, dataAt = lostAt }: { lostAt: string; dataAt?: string },
): Promise<Outside> {
  const answers = await samplesSince(component, context, lostAt);
  const samples = answers.map((sample) => (sample.at < dataAt ? { ...sample, ok: false } : sample));
  const asked = await Promise.all(component.checks.map((check) => ask(check, samples, context)));
  const seconds = asked.map((one) => one.seconds);
  return {
    checks: asked.map(({ check }) => check),
    downtime:
      asked.length === 0 ? {} : { downtimeSeconds: seconds.includes(null) ? null : Math.max(...(seconds as number[])) },
  };
}

async function ask(check: HttpCheck, samples: Sample[], { signal }: StepContext) {
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

/** A check that does not pass before the loss could not tell afterwards that all is well. */
export async function silentCheck(
  { checks }: Pick<Checked, "checks">,
  { signal }: Pick<StepContext, "signal">,
): Promise<{ problem: string; hint: string } | undefined> {
  for (const check of checks) {
    const { ok, found } = await askHttp(check, signal);
    const hint = "Mend the application, or the address and what it should answer in the plan.";
    if (!ok) return { problem: `${check.url} does not answer as it should: ${found}`, hint };
  }
  return undefined;
}
