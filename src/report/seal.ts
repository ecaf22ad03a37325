import { createHash } from "node:crypto";
import type { RunRecord } from "./record.ts";

type Json = Record<string, unknown>;

/** The same value gives the same text, whatever the order of its keys. */
function canonical(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value as Json).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * sha256 in hex of a record, without what happens while its report is written: the end, the step that writes it, and notices. It
 * stands in the workflow's history and at the foot of both reports: a record that was changed later has another one.
 */
export function seal(record: RunRecord): string {
  const steps = record.steps.filter(({ id }) => id !== "report/files");
  const settled: RunRecord = { ...record, steps, endedAt: null, ignoredDecisions: [], notices: [] };
  return createHash("sha256").update(JSON.stringify(settled, canonical)).digest("hex");
}
