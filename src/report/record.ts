import type { NoticeRecord } from "./notices.ts";
import type { Belonging } from "./belonging.ts";
import type { PastDrill } from "./trend.ts";
import type { Approvals, Decision, EarlierPart, Pause } from "./people.ts";

/** The one document that says all that happened in a run: query answer, report.json and input of every report. */

export const runTypes = ["exercise", "restore", "backup", "audit"] as const;
export type RunType = (typeof runTypes)[number];
export const scenarios = ["database", "namespace", "volume", "workload", "cluster", "none"] as const;
export type Scenario = (typeof scenarios)[number];
export type Phase =
  | "preflight"
  | "plant"
  | "backup"
  | "approve"
  | "destroy"
  | "rebuild"
  | "restore"
  | "verify"
  | "report";
export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE";
/** `paused`: it would run, but the whole run was paused; `aborted`: it had failed and a person gave up; `cancelled`: it was running when the run was cancelled or given up. */
export type StepStatus = "pending" | "running" | "waiting" | "paused" | "done" | "skipped" | "aborted" | "cancelled";

export interface StepFailure {
  type: string;
  message: string;
  hint: string;
  at: string;
}

/**
 * One stretch of a step's time. `ran` ended well, or when a server stopped to answer; `failed` in a failure, `died` with the worker's process
 * (at its last sign of life); `resuming`: until the next worker went on; `unanswered`: server `by` was away; `waited`, `paused`: by people.
 */
export interface Stretch {
  kind: "ran" | "failed" | "died" | "resuming" | "unanswered" | "waited" | "paused";
  from: string;
  to: string;
  by?: "API server" | "Temporal server" | undefined;
}

export interface StepRecord {
  /** `phase/component` or `phase/system/name`. */
  id: string;
  phase: Phase;
  title: string;
  component: string | null;
  destroys: boolean;
  skippable: boolean;
  status: StepStatus;
  startedAt: string | null;
  endedAt: string | null;
  /** Attempts that were started, those that died with a worker included. */
  attempts: number;
  failures: StepFailure[];
  decisions: Decision[];
  stretches: Stretch[];
  /** Taken over from an earlier run instead of being done in this one. */
  carriedOver: boolean;
  /** Median of earlier runs, null without any. */
  expectedSeconds: number | null;
  /** One line of evidence, such as "3 tables, 1,250,000 rows, 104 MB". */
  note: string | null;
}

/** `exact`: compares like with like; false where writers made an exact comparison impossible, and `found` says so. */
export interface CheckRecord {
  name: string;
  title: string;
  proven: boolean;
  passed: boolean;
  exact: boolean;
  /** What the same check said while the data was lost; null where it was not asked. */
  negativeControl: { passed: boolean; found: string } | null;
  expected: string;
  found: string;
  /** Of an object that was to come back by itself: seconds from the loss until it was there, and until it was ready. */
  recovery?: { existsSeconds: number | null; readySeconds: number | null } | undefined;
}

export interface BackupRecord {
  id: string;
  completedAt: string;
  bytes: number;
  /** Where it lies: a directory, or repository and stanza. */
  location: string;
  sha256: string | null;
}

export interface RpoRecord {
  objectiveSeconds: number | null;
  seconds: number | null;
}

export interface RtoRecord extends RpoRecord {
  machineSeconds: number;
  /** The target itself was busy coming back (recovery, start-up). */
  waitingSeconds: number;
  /** A failed step waited for a person. */
  peopleSeconds: number;
}

export interface ComponentRecord extends Belonging {
  name: string;
  kind: string;
  /** Name of the directory below the worker's `state/runs` where the run works on it: logs of programs, what it remembers. */
  directory: string;
  /** What a person would call the thing, such as "database shop on 127.0.0.1:5432". */
  target: string;
  verdict: Verdict | null;
  rto: RtoRecord;
  rpo: RpoRecord;
  backup: BackupRecord | null;
  /** The moment from which on the data was gone, or, without a destruction, from which on it was restored. */
  lostAt: string | null;
  newestRecoveredAt: string | null;
  /** When the last check had passed. */
  provenAt: string | null;
  /** Times in which the target itself was busy coming back (recovery, start-up). */
  waits: { from: string; to: string }[];
  checks: CheckRecord[];
  /** Why it is not back, or not wholly, the root cause first; missing where nothing was in its way. */
  causes?: Diagnosis[] | undefined;
  /** Longest time for which one of its checks from outside had no answer; missing without such checks. */
  downtimeSeconds?: number | null | undefined;
}

export interface Refusal {
  guard: string;
  component: string | null;
  message: string;
  hint: string;
  /** It will be over by itself: a run of a schedule that meets it is skipped. */
  passes?: true | undefined;
}

/** Why something did not come back, in one sentence. */
export interface Diagnosis {
  object: string;
  cause: string;
  hint: string;
}

/** Something that a run made and could not remove again. */
export interface Leftover {
  what: string;
  where: string;
  why: string;
}

export interface RunRecord {
  version: 1;
  run: {
    workflowId: string;
    runId: string;
    type: RunType;
    scenario: Scenario;
    /** The moment that a restore was asked to restore to, ISO 8601 in UTC; null for all that there is. */
    toTime: string | null;
    by: string;
    reason: string;
    scheduled?: true | undefined;
  };
  plan: { name: string; sha256: string; environment: string };
  codeVersion: string;
  /** The directory where the worker keeps report.json, report.md and report.html of this run. */
  directory: string;
  /** Of the first part, where the run resumes another one. */
  startedAt: string;
  /** When this part began, null where it is the only one. */
  resumedAt: string | null;
  /** Runs that were closed and of which this one is the continuation, the first one first. */
  earlier: EarlierPart[];
  endedAt: string | null;
  /** `closing`: a run that was given up or cancelled cleans up; `skipped`: a schedule's met a locked target or a freeze. */
  status: "running" | "waiting" | "closing" | "done" | "refused" | "skipped" | "aborted" | "cancelled" | "failed";
  verdict: Verdict | null;
  score: { proven: number; total: number };
  /** One sentence that stands alone. */
  summary: string;
  rto: RtoRecord;
  rpo: RpoRecord;
  components: ComponentRecord[];
  steps: StepRecord[];
  /** Of an exercise: the ones before of the same plan, scenario and components, the oldest first; a few at most. */
  before: PastDrill[];
  /** What ended the run early where it was no failure of a step; null otherwise. */
  failure: StepFailure | null;
  refusals: Refusal[];
  pauses: Pause[];
  /** null: the plan asks for none. */
  approvals: Approvals | null;
  /** Decisions that came as signals and did not fit what was waiting. */
  ignoredDecisions: { at: string; why: string }[];
  notices: NoticeRecord[];
  diagnosis: Diagnosis[];
  leftovers: Leftover[];
}
