import { proofOf } from "./audit.ts";
import { clockTrouble } from "./clock.ts";
import { secondsBetween } from "./elapsed.ts";
import type { ComponentRecord, RpoRecord, RunRecord } from "./record.ts";

/** The recovery point: how old the newest data that came back was at the moment up to which all of it was wanted. */

/** Nobody restores it, so nothing of it has an age: Git holds a namespace, and its volumes the data of a workload. */
export function comesBackByItself(kind: string): boolean {
  return kind === "namespace" || kind === "workload" || kind === "cluster";
}

/**
 * That moment. Nobody tells a restore when the data was lost, and its own start, perhaps days later, says nothing about
 * that: without a time to restore to it has none. An audit asks as if it were lost once its backup is read.
 */
function wantedUpTo({ name, kind, lostAt }: ComponentRecord, record: RunRecord): string | null {
  const { run } = record;
  if (comesBackByItself(kind)) return null;
  if (run.type === "audit") return proofOf(name, record)?.endedAt ?? null;
  return lostAt ?? (run.type === "restore" ? run.toTime : null);
}

export function measureRpo(component: ComponentRecord, record: RunRecord): RpoRecord {
  const { newestRecoveredAt, rpo } = component;
  const upTo = wantedUpTo(component, record);
  const spoilt = clockTrouble(component, record).some(({ spoils }) => spoils === "RPO");
  const known = upTo !== null && newestRecoveredAt !== null && !spoilt;
  return { ...rpo, seconds: known ? Math.max(0, secondsBetween(newestRecoveredAt, upTo)) : null };
}

/** The worst of all; only when it is known of every component that has one. */
export function overallRpo(record: RunRecord, components: ComponentRecord[]): RpoRecord {
  const wanted = components.filter(
    (one) => wantedUpTo(one, record) !== null || (record.run.type === "audit" && !comesBackByItself(one.kind)),
  );
  const known = wanted.flatMap(({ rpo }) => rpo.seconds ?? []);
  return { ...record.rpo, seconds: known.length > 0 && known.length === wanted.length ? Math.max(...known) : null };
}

/** It is back, and nobody knows how much of it: an objective cannot have been met. */
export function lacksRpo(component: ComponentRecord, record: RunRecord): boolean {
  const { provenAt, rpo } = component;
  return provenAt !== null && rpo.seconds === null && wantedUpTo(component, record) !== null;
}
