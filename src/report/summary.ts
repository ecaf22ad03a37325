import { summarizeAudit } from "./audit.ts";
import { clockTrouble } from "./clock.ts";
import { isLost, mayBeLost, stepsOfLoss } from "./loss.ts";
import type { ComponentRecord, RpoRecord, RtoRecord, RunRecord, Scenario, StepRecord, Verdict } from "./record.ts";
import { lacksRpo } from "./rpo.ts";
import { isLate } from "./rto.ts";

interface Judged {
  verdict: Verdict;
  score: RunRecord["score"];
  rto: RtoRecord;
  rpo: RpoRecord;
  components: ComponentRecord[];
}

/** The run in one sentence that stands alone; after one that did not go through also what it has left destroyed. */
export function summarize(record: RunRecord, judged: Judged): string {
  if (record.status === "refused" || record.status === "skipped") {
    const lost = losses(record);
    const how = `${record.status === "refused" ? "Refused" : "Skipped"}${lost === "" ? " before anything was destroyed" : ""}`;
    return `${how}: ${record.refusals.map(({ message }) => message).join("; ")}.${lost}`;
  }
  if (record.status === "cancelled") return `Cancelled before everything was proven.${losses(record)}`;
  if (record.status === "aborted" || record.status === "failed") {
    const why = record.steps
      .filter(({ status }) => status === "aborted")
      .flatMap((step) => step.failures.at(-1)?.message ?? notApproved(step))
      .join("; ");
    return `Given up: ${why || (record.failure?.message ?? "an unexpected failure")}.${losses(record)}`;
  }
  if (record.run.type === "audit") return summarizeAudit(record, judged);
  return record.run.type === "backup" ? ofBackup(record, judged) : ofRestored(record, judged);
}

/** Somebody gave up a step that had not failed: it waited for approvals. */
function notApproved({ id, decisions }: StepRecord): string[] {
  return decisions.slice(-1).map(({ by, reason }) => `${by} gave up at ${id}: ${reason}`);
}

function losses(record: RunRecord): string {
  const named = (is: (steps: StepRecord[]) => boolean) =>
    listed(record.components.map(({ name }) => name).filter((name) => is(stepsOfLoss(record, name))));
  const [lost, maybe] = [named(isLost), named(mayBeLost)];
  return [
    lost === "" ? "" : ` Destroyed and not put back: ${lost}.`,
    maybe === "" ? "" : ` May be destroyed: ${maybe}.`,
  ].join("");
}

function namesOf({ components }: RunRecord): string {
  return listed(components.map(({ name }) => name));
}

/** "homelab, data and ledger" */
function listed(names: string[]): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter((part) => part !== "").join(" and ");
}

function ofBackup(record: RunRecord, { verdict }: Judged): string {
  return verdict === "PASS"
    ? `${namesOf(record)} backed up; each backup was read back and is whole.`
    : `The backup of ${namesOf(record)} is not proven.`;
}

const didWords: Record<Scenario, string> = {
  none: "restored beside the live data",
  database: "destroyed, restored",
  namespace: "deleted, rebuilt",
  workload: "taken away",
  cluster: "destroyed, rebuilt",
  volume: "deleted, restored",
};

function ofRestored(record: RunRecord, { verdict, score, rto, rpo, components }: Judged): string {
  const { type, scenario } = record.run;
  const did = type === "exercise" ? didWords[scenario] : "restored";
  const begin = `${namesOf(record)}: ${did}`;
  const proof = `${score.proven} of ${score.total} checks proven`;
  const all = score.proven === score.total;
  if (verdict === "PASS") return `${begin} and proven to be back, ${proof}.${downtime(components)}`;
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

/** How long nobody was answered from outside: what a real loss would cost. */
function downtime(components: ComponentRecord[]): string {
  const known = components.flatMap(({ downtimeSeconds }) => downtimeSeconds ?? []);
  return known.length === 0 ? "" : ` Expected downtime: ${Math.ceil(Math.max(...known))} s.`;
}
