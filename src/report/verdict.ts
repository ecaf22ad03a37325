import { clockTrouble, lossOf } from "./clock.ts";
import { counts, diagnose, isLost, stepsOf, summarize } from "./diagnosis.ts";
import type { ComponentRecord, RunRecord, Verdict } from "./record.ts";
import { interval, noRto, overallRto, split } from "./rto.ts";

/** The verdict of a run, computed from its record alone. Pure: `firedrill report --recheck` may compute it again. */

type Judged = Pick<RunRecord, "verdict" | "score" | "summary" | "rto" | "rpo" | "components" | "diagnosis">;

/** Judges a run that is over. FAIL beats INCONCLUSIVE, which beats PASS; what was not proven is never PASS. */
export function judge(record: RunRecord): Judged {
  const components = record.components.map((component) => judgeComponent(component, record));
  const checks = components.flatMap((component) => component.checks);
  const score = { proven: checks.filter(counts).length, total: checks.length };
  const rto = overallRto(record, components);
  const losses = components.flatMap(({ rpo }) => (rpo.seconds === null ? [] : [rpo.seconds]));
  const rpo = { ...record.rpo, seconds: losses.length === 0 ? null : Math.max(...losses) };
  const verdict = worst([
    ...components.map((one) => one.verdict ?? "INCONCLUSIVE"),
    ...ofRun(record),
    ...late(rto),
    ...late(rpo),
  ]);
  const judged = { verdict, score, rto, rpo, components, diagnosis: diagnose(record, components) };
  return { ...judged, summary: summarize(record, judged) };
}

const late = ({ objectiveSeconds, seconds }: { objectiveSeconds: number | null; seconds: number | null }): Verdict[] =>
  objectiveSeconds !== null && seconds !== null && seconds > objectiveSeconds ? ["FAIL"] : [];

function worst(verdicts: Verdict[]): Verdict {
  return verdicts.includes("FAIL") ? "FAIL" : verdicts.includes("INCONCLUSIVE") ? "INCONCLUSIVE" : "PASS";
}

function ofRun({ status, steps, components }: RunRecord): Verdict[] {
  const skipped = steps.some((step) => step.status === "skipped") || components.length === 0;
  if (status === "aborted" || status === "failed") return ["FAIL"];
  return status === "done" && !skipped ? [] : ["INCONCLUSIVE"];
}

function judgeComponent(component: ComponentRecord, record: RunRecord): ComponentRecord {
  const { provenAt, newestRecoveredAt, checks } = component;
  const from = lossOf(component, record);
  const trouble = clockTrouble(component, record);
  const spoilt = (number: "RTO" | "RPO") => trouble.some(({ spoils }) => spoils === number);
  const rto =
    from === null || provenAt === null || spoilt("RTO")
      ? noRto(component.rto.objectiveSeconds)
      : split(
          component.rto.objectiveSeconds,
          interval(from, provenAt),
          component.waits,
          stepsOf(record, component.name),
        );
  const seconds =
    from === null || newestRecoveredAt === null || spoilt("RPO")
      ? null
      : Math.max(0, (Date.parse(from) - Date.parse(newestRecoveredAt)) / 1_000);
  const rpo = { ...component.rpo, seconds };
  const steps = stepsOf(record, component.name);
  const lost = isLost(steps);
  const verdicts: Verdict[] = [
    ...checks.map((check): Verdict => (!check.proven ? "INCONCLUSIVE" : check.passed ? "PASS" : "FAIL")),
    ...steps.map((step): Verdict =>
      step.status === "done" ? "PASS" : step.status === "aborted" ? "FAIL" : "INCONCLUSIVE",
    ),
    ...late(rto),
    ...late(rpo),
    // Lost and not put back: whatever the reason, that is no drill that ended well.
    ...(lost ? (["FAIL"] as const) : []),
    ...(from !== null && provenAt === null ? (["INCONCLUSIVE"] as const) : []),
    ...(trouble.length > 0 ? (["INCONCLUSIVE"] as const) : []),
    ...(record.run.type !== "backup" && checks.length === 0 ? (["INCONCLUSIVE"] as const) : []),
  ];
  return { ...component, rto, rpo, verdict: worst(verdicts) };
}
