import { proofOf } from "./audit.ts";
import { secondsBetween } from "./elapsed.ts";
import type { ComponentRecord, RunRecord, StepRecord } from "./record.ts";

/**
 * Times that cannot be. RTO and RPO are differences of two readings of the target's clock; when somebody, or NTP, has set
 * it in between, they are no measurements. Steps are timed by another clock, the Temporal server's, and by how long they
 * took one sees it.
 */

/** Seconds by which two clocks may disagree about one stretch of time: of one host, and of several. */
export const slackSeconds = { oneClock: 10, severalClocks: 60 };

export interface ClockTrouble {
  /** Which number is not known because of it. */
  spoils: "RTO" | "RPO";
  /** In words, for a person. */
  cause: string;
}

/** From when on recovery time counts: of a real loss from the start of the restore. Null as long as nothing is lost. */
export function lossOf({ lostAt }: ComponentRecord, { run, startedAt }: RunRecord): string | null {
  return lostAt ?? (run.type === "restore" ? startedAt : null);
}

/** What is wrong with the times of a component; empty when they can be believed. */
export function clockTrouble(component: ComponentRecord, record: RunRecord): ClockTrouble[] {
  const { lostAt, provenAt, newestRecoveredAt } = component;
  if (record.run.type === "audit") return ofAudit(component, record);
  const from = lossOf(component, record);
  if (from === null) return [];
  const found: ClockTrouble[] = [];
  const elapsed = provenAt === null ? null : secondsBetween(from, provenAt);
  const possible = elapsed === null ? null : possibleSeconds(component, record);
  if (elapsed !== null && elapsed < 0)
    found.push({ spoils: "RTO", cause: `it was lost at ${from} and proven to be back before that, at ${provenAt}` });
  else if (elapsed !== null && possible !== null && (elapsed < possible.least || elapsed > possible.most))
    found.push({
      spoils: "RTO",
      cause: `${whole(elapsed)} s passed from ${from} to ${provenAt}, but the steps took ${whole(possible.took)} s`,
    });
  if (
    lostAt !== null &&
    newestRecoveredAt !== null &&
    secondsBetween(lostAt, newestRecoveredAt) > slackSeconds.oneClock
  )
    found.push({
      spoils: "RPO",
      cause: `the newest data that came back is of ${newestRecoveredAt}, after the loss at ${lostAt}`,
    });
  return found;
}

/** A backup from the future has no age. */
function ofAudit({ name, newestRecoveredAt }: ComponentRecord, record: RunRecord): ClockTrouble[] {
  const read = proofOf(name, record)?.endedAt;
  if (read === undefined || newestRecoveredAt === null) return [];
  if (secondsBetween(read, newestRecoveredAt) <= slackSeconds.severalClocks) return [];
  return [
    { spoils: "RPO", cause: `the newest backup is of ${newestRecoveredAt}, and it was read before that, at ${read}` },
  ];
}

/** By the steps in which loss and proof were timed; null when they did not run to their end. */
function possibleSeconds(component: ComponentRecord, record: RunRecord) {
  const step = (...verbs: string[]) =>
    verbs
      .map((verb) => record.steps.find(({ id }) => id === `${verb}/${component.name}`))
      .find(
        (one): one is StepRecord & { startedAt: string; endedAt: string } =>
          one?.startedAt != null && one.endedAt !== null,
      );
  const proof = step("verify/place", "verify");
  const loss =
    component.lostAt === null
      ? { startedAt: record.startedAt, endedAt: record.startedAt }
      : record.run.scenario === "none"
        ? step("restore/control")
        : step("destroy");
  if (proof === undefined || loss === undefined) return null;
  const slack = component.lostAt === null ? slackSeconds.severalClocks : slackSeconds.oneClock;
  const took = secondsBetween(loss.startedAt, proof.endedAt);
  return { least: secondsBetween(loss.endedAt, proof.startedAt) - slack, most: took + slack, took };
}

function whole(seconds: number): string {
  return Math.round(seconds).toLocaleString("en");
}
