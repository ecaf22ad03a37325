import { clockTrouble } from "./clock.ts";
import { isLost, mayBeLost, stepsOf } from "./loss.ts";
import type { ComponentRecord, RpoRecord, RtoRecord, RunRecord, StepRecord, Verdict } from "./record.ts";
import { lacksRpo } from "./rpo.ts";

interface Judged {
  verdict: Verdict;
  score: RunRecord["score"];
  rto: RtoRecord;
  rpo: RpoRecord;
  components: ComponentRecord[];
}

/** The run in one sentence that stands alone; after one that did not go through also what it has left destroyed. */
export function summarize(record: RunRecord, judged: Judged): string {
  if (record.status === "refused")
    return `Refused before anything was destroyed: ${record.refusals.map(({ message }) => message).join("; ")}.`;
  if (record.status === "cancelled") return `Cancelled before everything was proven.${losses(record)}`;
  if (record.status === "aborted" || record.status === "failed") {
    const why = record.steps
      .flatMap(({ status, failures }) => (status === "aborted" ? failures.slice(-1) : []))
      .map(({ message }) => message)
      .join("; ");
    return `Given up: ${why || "an unexpected failure"}.${losses(record)}`;
  }
  return record.run.type === "backup" ? ofBackup(record, judged) : ofRestored(record, judged);
}

function losses(record: RunRecord): string {
  const named = (is: (steps: StepRecord[]) => boolean) =>
    record.components
      .map(({ name }) => name)
      .filter((name) => is(stepsOf(record, name)))
      .join(" and ");
  const [lost, maybe] = [named(isLost), named(mayBeLost)];
  return [
    lost === "" ? "" : ` Destroyed and not put back: ${lost}.`,
    maybe === "" ? "" : ` May be destroyed: ${maybe}.`,
  ].join("");
}

function namesOf({ components }: RunRecord): string {
  return components.map(({ name }) => name).join(" and ");
}

function ofBackup(record: RunRecord, { verdict }: Judged): string {
  return verdict === "PASS"
    ? `${namesOf(record)} backed up; each backup was read back and is whole.`
    : `The backup of ${namesOf(record)} is not proven.`;
}

function ofRestored(record: RunRecord, { verdict, score, rto, rpo, components }: Judged): string {
  const { type, scenario } = record.run;
  const did =
    scenario === "none" ? "restored beside the live data" : type === "exercise" ? "destroyed, restored" : "restored";
  const begin = `${namesOf(record)}: ${did}`;
  const proof = `${score.proven} of ${score.total} checks proven`;
  const all = score.proven === score.total;
  if (verdict === "PASS") return `${begin} and proven to be back, ${proof}.`;
  if (verdict === "FAIL") {
    const late = [...(isLate(rto) ? ["RTO"] : []), ...(isLate(rpo) ? ["RPO"] : [])].join(" and ");
    return late !== "" && all
      ? `${begin} and proven, but the ${late} objective was missed.`
      : `${begin}, but not all of it is back: ${proof}.`;
  }
  const unmeasured = components.some((one) => lacksRpo(one, record) || clockTrouble(one, record).length > 0);
  return unmeasured && all && score.total > 0
    ? `${begin} and proven, but not everything could be measured: ${proof}.`
    : `${begin}, but not everything could be proven: ${proof}.`;
}

/** The objective was missed. */
export function isLate({ objectiveSeconds, seconds }: RpoRecord): boolean {
  return objectiveSeconds !== null && seconds !== null && seconds > objectiveSeconds;
}
