import { createHash } from "node:crypto";
import { events, type RunEvent, silenceText } from "./events.ts";
import type { Difference } from "./recheck/differences.ts";
import type { RunRecord } from "./record.ts";

/**
 * The audit trail of a run: who did what and when, one JSON object a line, written while it happens. Each line holds the
 * sha256 of the one before, so that none can be changed, taken away or put between without all after it telling.
 */

/** `at` is ISO 8601 in UTC; `who` is null for what the engine did by itself. */
export interface TrailEntry {
  at: string;
  who: string | null;
  what: string;
  /** ID of the step that it was about. */
  step: string | null;
  /** Reason, message or verdict. */
  text: string;
  /** Of the plan's file by which the run worked. */
  planSha256: string;
}

interface Line extends TrailEntry {
  n: number;
  /** sha256 in hex of the line before, without its line break; empty in the first one. */
  previous: string;
}

/** What a trail may hold although the record does not say it any more: a later try, or a later judgement, stands there. */
const superseded = new Set(["began", "done", "skipped", "aborted", "cancelled", "judged"]);

/** All that a record says of who did what. Pure. */
export function trailOf(record: RunRecord): TrailEntry[] {
  const { run, plan, steps, verdict, summary } = record;
  const planSha256 = plan.sha256;
  const about = `${run.type}, scenario ${run.scenario}, plan ${plan.name}`;
  const entry = (at: string, who: string | null, what: string, step: string | null, text: string): TrailEntry => {
    return { at, who, what, step, text, planSha256 };
  };
  const begun = record.resumedAt ?? record.startedAt;
  const ofSteps = steps
    .filter(({ id, carriedOver }) => id !== "report/files" && !carriedOver)
    .flatMap(({ id, startedAt, endedAt, status }) => [
      ...(startedAt === null ? [] : [entry(startedAt, null, "began", id, "")]),
      ...(endedAt === null || status === "running" || status === "waiting"
        ? []
        : [entry(endedAt, null, status, id, "")]),
    ]);
  const refusals = record.refusals.map(({ guard, message }) =>
    entry(begun, null, "refused", null, `${guard}: ${message}`),
  );
  const judgedAt = steps.find(({ id }) => id === "report/files")?.startedAt ?? record.endedAt;
  return [
    ...(plan.sha256 === "" ? [] : [entry(begun, run.by, "started", null, `${about}: ${run.reason}`)]),
    ...ofSteps,
    ...events(record).map((event) => {
      const { who, text } = said(event);
      return entry(event.at, who, event.kind, event.step?.id ?? null, text);
    }),
    ...refusals,
    ...(verdict === null || judgedAt === null ? [] : [entry(judgedAt, null, "judged", null, `${verdict}: ${summary}`)]),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function said(event: RunEvent): { who: string | null; text: string } {
  switch (event.kind) {
    case "failure":
      return { who: null, text: `${event.failure.type}: ${event.failure.message}` };
    case "decision": {
      const { action, by, reason, reloaded } = event.decision;
      return { who: by, text: `${action}: ${reason}${reloaded ? ` (plan read again: ${reloaded.sha256})` : ""}` };
    }
    case "approval":
      return { who: event.approval.by, text: event.approval.reason };
    case "pause":
    case "unpause":
      return { who: event.pause.by, text: event.pause.reason };
    case "refusedApproval":
      return { who: event.by, text: event.why };
    case "resumed":
      return { who: event.by, text: event.reason };
    case "closed":
      return { who: null, text: event.part.summary };
    case "ignored":
      return { who: null, text: event.why };
    case "death":
      return { who: null, text: "the worker died" };
    case "unanswered":
      return { who: null, text: silenceText(event) };
  }
}

// Which plan it was may change when that is read again: the entry is the same all the same.
const keyOf = ({ at, who, what, step, text }: TrailEntry) => JSON.stringify([at, who, what, step, text]);

/** The lines to write behind those that are there, each with its line break; empty when the trail has all already. */
export function linesToAdd(record: RunRecord, written: string): string {
  const lines = written.split("\n").slice(0, -1);
  const known = new Set(lines.flatMap((line) => parsed(line) ?? []).map(keyOf));
  let previous = lines.length === 0 ? "" : sha256(lines.at(-1)!);
  let n = lines.length;
  let text = "";
  for (const entry of trailOf(record).filter((one) => !known.has(keyOf(one)))) {
    const line = JSON.stringify({ n: (n += 1), ...entry, previous } satisfies Line);
    previous = sha256(line);
    text += `${line}\n`;
  }
  return text;
}

/** Names all in which a trail is broken, or differs from the record. Takes any text and never throws. */
export function checkTrail(text: string, record: RunRecord): Difference[] {
  const found: Difference[] = [];
  const seen = new Set<string>();
  const wanted = new Set(trailOf(record).map(keyOf));
  let previous = "";
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const path = `trail[${index + 1}]`;
    const entry = parsed(line);
    if (entry === undefined) {
      found.push({ path, stands: line.slice(0, 200), should: "one JSON object" });
      previous = sha256(line);
      continue;
    }
    if (entry.n !== index + 1) found.push({ path: `${path}.n`, stands: entry.n, should: index + 1 });
    if (entry.previous !== previous) found.push({ path: `${path}.previous`, stands: entry.previous, should: previous });
    if (!wanted.has(keyOf(entry)) && !superseded.has(entry.what))
      found.push({ path, stands: entry.what, should: "an entry that the record has as well" });
    seen.add(keyOf(entry));
    previous = sha256(line);
  }
  const missing = [...wanted].filter((key) => !seen.has(key));
  return [...found, ...missing.map((key) => ({ path: "trail", stands: undefined, should: key }))];
}

function parsed(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as Line | null;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
