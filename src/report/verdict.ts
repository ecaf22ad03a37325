import { auditVerdicts } from "./audit.ts";
import { clockTrouble, lossOf } from "./clock.ts";
import { counts, diagnose } from "./diagnosis.ts";
import { isLost, mayBeLost, stepsOf, stepsOfLoss } from "./loss.ts";
import type { ComponentRecord, RpoRecord, RunRecord, Verdict } from "./record.ts";
import { lacksRpo, measureRpo, overallRpo } from "./rpo.ts";
import { interval, isLate, noRto, overallRto, split } from "./rto.ts";
import { summarize } from "./summary.ts";

/** The verdict of a run, computed from its record alone. Pure: `firedrill report --recheck` may compute it again. */

type Judged = Pick<RunRecord, "verdict" | "score" | "summary" | "rto" | "rpo" | "components" | "diagnosis">;

/** Judges a run that is over. FAIL beats INCONCLUSIVE, which beats PASS; what was not proven is never PASS. */
export function judge(record: RunRecord): Judged {
  const components = record.components.map((component) => judgeComponent(component, record));
  const checks = components.flatMap((component) => component.checks);
  const score = { proven: checks.filter(counts).length, total: checks.length };
  const rto = overallRto(record, components);
  const rpo = overallRpo(record, components);
  const verdict = worst([
    ...components.map((one) => one.verdict ?? "INCONCLUSIVE"),
    ...ofRun(record),
    ...late(rto),
    ...late(rpo),
    ...unknown(rpo, components, record),
  ]);
  const judged = { verdict, score, rto, rpo, components, diagnosis: diagnose(record, components, { rto, rpo }) };
  return { ...judged, summary: summarize(record, judged) };
}

function late(number: RpoRecord): Verdict[] {
  return isLate(number) ? ["FAIL"] : [];
}

/** An objective that could be compared with nothing was not met. */
function unknown({ objectiveSeconds }: RpoRecord, of: ComponentRecord[], record: RunRecord): Verdict[] {
  return objectiveSeconds !== null && of.some((one) => lacksRpo(one, record)) ? ["INCONCLUSIVE"] : [];
}

function worst(verdicts: Verdict[]): Verdict {
  return verdicts.includes("FAIL") ? "FAIL" : verdicts.includes("INCONCLUSIVE") ? "INCONCLUSIVE" : "PASS";
}

function ofRun({ status, steps, components }: RunRecord): Verdict[] {
  const skipped = steps.some((step) => step.status === "skipped") || components.length === 0;
  if (status === "aborted" || status === "failed") return ["FAIL"];
  return status === "done" && !skipped ? [] : ["INCONCLUSIVE"];
}

function judgeComponent(component: ComponentRecord, record: RunRecord): ComponentRecord {
  const { provenAt, waits, checks } = component;
  const steps = stepsOf(record, component.name);
  const loss = stepsOfLoss(record, component.name);
  const from = lossOf(component, record);
  const trouble = clockTrouble(component, record);
  const timed = from !== null && provenAt !== null && !trouble.some(({ spoils }) => spoils === "RTO");
  const objective = component.rto.objectiveSeconds;
  const rto = timed ? split(objective, interval(from, provenAt), waits, { ...record, steps }) : noRto(objective);
  const rpo = measureRpo(component, record);
  const verdicts: Verdict[] = [
    ...checks.map((check): Verdict => (!check.proven ? "INCONCLUSIVE" : check.passed ? "PASS" : "FAIL")),
    ...steps.map((step): Verdict =>
      step.status === "done" ? "PASS" : step.status === "aborted" ? "FAIL" : "INCONCLUSIVE",
    ),
    ...late(rto),
    ...late(rpo),
    ...unknown(rpo, [{ ...component, rpo }], record),
    // Lost, or perhaps lost, and not put back: whatever the reason, that is no drill that ended well.
    ...(isLost(loss) || mayBeLost(loss) ? (["FAIL"] as const) : []),
    ...(from !== null && provenAt === null ? (["INCONCLUSIVE"] as const) : []),
    ...(trouble.length > 0 ? (["INCONCLUSIVE"] as const) : []),
    ...(record.run.type === "audit" ? auditVerdicts(component, record) : []),
    ...(makesChecks(record) && checks.length === 0 ? (["INCONCLUSIVE"] as const) : []),
  ];
  return { ...component, rto, rpo, verdict: worst(verdicts) };
}

/** The other types restore nothing. */
function makesChecks({ run: { type } }: RunRecord): boolean {
  return type === "exercise" || type === "restore";
}
