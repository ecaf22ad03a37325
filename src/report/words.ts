import { counts } from "./diagnosis.ts";
import { seconds } from "./format.ts";
import type {
  CheckRecord,
  ComponentRecord,
  Diagnosis,
  RunRecord,
  Scenario,
  StepStatus,
  Stretch,
  Verdict,
} from "./record.ts";

/** The words that both reports use for the same thing. */

export type Tone = "good" | "bad" | "doubt" | "open";

export const verdictTone: Record<Verdict, Tone> = { PASS: "good", FAIL: "bad", INCONCLUSIVE: "doubt" };

const withoutVerdict: Record<RunRecord["status"], [string, Tone]> = {
  running: ["RUNNING", "open"],
  waiting: ["WAITING FOR A PERSON", "open"],
  closing: ["CLEANING UP", "open"],
  done: ["DONE", "good"],
  refused: ["REFUSED", "doubt"],
  skipped: ["SKIPPED", "doubt"],
  aborted: ["ABORTED", "bad"],
  cancelled: ["CANCELLED", "doubt"],
  failed: ["FAILED", "bad"],
};

/** The one word that a reader looks for first: the verdict, or the run's state as long as there is none. */
export function headline({ verdict, status }: Pick<RunRecord, "verdict" | "status">): { word: string; tone: Tone } {
  if (verdict !== null && status !== "refused" && status !== "skipped")
    return { word: verdict, tone: verdictTone[verdict] };
  const [word, tone] = withoutVerdict[status];
  return { word, tone };
}

/** Compares what was measured with its objective, both in seconds. */
export function against(objective: number | null, measured: number | null): { text: string; tone: Tone | null } {
  if (measured === null) return { text: "not measured", tone: null };
  if (objective === null) return { text: "no objective", tone: null };
  if (measured > objective) return { text: `missed by ${seconds(measured - objective)}`, tone: "bad" };
  return { text: `met with ${seconds(objective - measured)} to spare`, tone: "good" };
}

/** The RPO against its objective. Of a real loss nobody knows when it was, unless the restore was told a time. */
export function againstRpo({ run, rpo }: RunRecord): { text: string; tone: Tone | null } {
  if (run.type !== "restore" || run.toTime !== null) return against(rpo.objectiveSeconds, rpo.seconds);
  return { text: "not judged, as the moment of the loss is not known", tone: null };
}

/** A duration in seconds that may not have been measured. */
export function measured(n: number | null): string {
  return n === null ? "–" : seconds(n);
}

const scenarioWords: Record<Scenario, string> = {
  database: "database (destroyed and restored)",
  namespace: "namespace (deleted and rebuilt)",
  workload: "workload (its pods or its node taken away)",
  cluster: "cluster (destroyed and rebuilt)",
  volume: "volume (deleted and restored)",
  none: "none (restored beside the live one)",
};

/** What an exercise loses, or a restore goes back to: name and value. Backups and audits do neither. */
export function aim({ type, scenario, toTime }: RunRecord["run"]): [name: string, value: string] | null {
  if (type === "backup" || type === "audit") return null;
  return type === "exercise"
    ? ["Scenario", scenarioWords[scenario]]
    : ["Restored to", toTime ?? "the newest data of the backup"];
}

export const statusWords: Record<StepStatus, string> = {
  pending: "not started",
  running: "running",
  waiting: "waits for a person",
  paused: "paused",
  done: "done",
  skipped: "skipped",
  aborted: "given up",
  cancelled: "cancelled",
};

export const stretchWords: Record<Stretch["kind"], string> = {
  ran: "ran",
  failed: "ran and failed",
  died: "lost with the worker",
  resuming: "until a worker went on",
  unanswered: "a server did not answer",
  waited: "waited for a person",
  paused: "paused by a person",
};

/** What a negative control says about its check. */
export function controlWords(control: { passed: boolean } | null): string {
  if (control === null) return "not asked";
  return control.passed ? "passed: proves nothing" : "failed, as it must";
}

/** What a check said. One that could not be asked says nothing. */
export function checkWords({ passed, proven }: CheckRecord): { text: string; tone: Tone } {
  if (passed) return { text: "passed", tone: "good" };
  return proven ? { text: "failed", tone: "bad" } : { text: "no answer", tone: "doubt" };
}

/** Objects that came back by themselves, in the order in which they were ready; what is not back comes last. */
export function recovered({ checks }: Pick<ComponentRecord, "checks">): CheckRecord[] {
  const at = ({ recovery }: CheckRecord) => recovery?.readySeconds ?? recovery?.existsSeconds ?? Infinity;
  return checks.filter(({ recovery }) => recovery !== undefined).toSorted((a, b) => at(a) - at(b));
}

/** When an object was there, and ready: seconds after the loss. */
export function recoveryWords({ recovery }: CheckRecord): { there: string; ready: string } {
  const { existsSeconds = null, readySeconds = null } = recovery ?? {};
  return {
    there: existsSeconds === null ? "missing" : `${existsSeconds.toFixed(1)}s`,
    ready: readySeconds === null ? "not ready" : `${readySeconds.toFixed(1)}s`,
  };
}

/** How long a check from outside had no answer: what to expect of a real loss. */
export function downtimeWords({ downtimeSeconds }: Pick<ComponentRecord, "downtimeSeconds">): string | null {
  if (downtimeSeconds === undefined) return null;
  return downtimeSeconds === null ? "not over when the run ended" : seconds(downtimeSeconds);
}

/** "3 of 5": checks that passed and were able to fail. */
export function score(checks: CheckRecord[]): string {
  if (checks.length === 0) return "–";
  return `${checks.filter(counts).length} of ${checks.length}`;
}

/** Notices that some or all messages of were not taken: what it was about, and why. */
export function untold({ notices }: RunRecord): { what: string; why: string }[] {
  return notices
    .filter(({ failed }) => failed > 0)
    .map(({ event, step, kind, entry, sent, failed, why }) => ({
      what: `${kind}, notify[${entry}]: ${event}${step === null ? "" : ` at ${step}`}`,
      why: `${failed} of ${failed + (sent ?? 0)} not sent: ${why}`,
    }));
}

/** How the newest data that a backup or restore holds is called. */
export function newestWords({ run }: RunRecord): string {
  return run.type === "audit" ? "Newest data in the backup" : "Newest data recovered";
}

/** What the guards have said: heading, and a sentence that explains it. An audit only asks them. */
export function refusedWords({ run, status }: RunRecord): { title: string; lead: string } {
  if (run.type === "audit")
    return { title: "A drill would be refused", lead: "These guards would not let an exercise begin today." };
  return {
    title: status === "skipped" ? "Why it was skipped" : "Refused",
    lead: "These guards did not let the run go on.",
  };
}

/** The diagnosis without what the refusals say already. */
export function causes({ diagnosis, refusals }: RunRecord): Diagnosis[] {
  const told = new Set(refusals.map(({ message }) => message));
  return diagnosis.filter(({ cause }) => !told.has(cause));
}
