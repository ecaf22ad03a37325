import type { ClusterAccess } from "../plan/access-schema.ts";
import type { LonghornComponent } from "../plan/longhorn-schema.ts";
import type { Component } from "../plan/schema.ts";
import type { Approval } from "../report/people.ts";
import type { BackupRecord, CheckRecord, Diagnosis, RunType, Scenario } from "../report/record.ts";
import type { ComponentFacts } from "../guard/facts.ts";
import type { SilentServer } from "./unanswered.ts";

/** The verbs that every component kind has, and the small JSON that flows between them. Types only: workflows read them. */

/** Which run an activity works for. */
export interface RunRef {
  /** Name of the run's directories, unique for ever: workflow ID and the last eight digits of the run ID. */
  id: string;
  /** Eight lower-case hex digits for names that must be short, such as a scratch database's. */
  short: string;
  /** Name of the plan; backups belong to it. */
  plan: string;
  /** Of the plan's file as the run has read it; empty until then. */
  planSha256: string;
  type: RunType;
  scenario: Scenario;
  /** Fresh for each run; the sentinel carries it. */
  nonce: string;
  /** ISO 8601 in UTC; stands in the names of backups. */
  startedAt: string;
  /** Of people, as far as they count when the step begins; missing where nobody has approved. */
  approvals?: Approval[];
  /** The run before was closed and has removed its sentinels; missing where there is none. */
  resumes?: true;
  /** The run's own workflow, where a child of it does the step; missing where the run does it itself. */
  execution?: { workflowId: string; runId: string };
  /** How often this step has failed before: a decision to retry starts its programs anew, a crash does not. */
  tryNo: number;
}

/** One attempt of an activity, as far as the ones after it could find out. Times are ISO 8601 in UTC. */
export interface Attempt {
  startedAt: string;
  /** Of an attempt that died with its worker: its last sign of life. */
  endedAt: string;
  outcome: "ran" | "failed" | "died";
  /** Times of it in which a server did not answer; missing where all did, and in what an older version has written. */
  unanswered?: { by: SilentServer; from: string; to: string }[];
}

/** What an activity of a step returns. */
export interface Done<T> {
  value: T;
  attempts: Attempt[];
}

/** What lies in a cluster is reached through it: `run.step` adds how. */
type Input<C extends Component> = { run: RunRef; component: C } & (C extends LonghornComponent
  ? { access: ClusterAccess }
  : object);

export interface Inspection {
  target: string;
  facts: ComponentFacts;
  /** One line of evidence for the record. */
  note: string;
}

export interface Planted {
  /** sha256 of the sentinel's content; the content itself never leaves the target. */
  sha256: string;
  at: string;
  note: string;
}

export interface Backup extends BackupRecord {
  /** Where the worker keeps what the backup must contain (tables, checksums, catalogue); empty when unknown. */
  fingerprint: string;
  note: string;
}

export interface Proof {
  backupId: string;
  verifiedAt: string;
  note: string;
  /** The newest backup, where the proof was to find it. */
  newest?: {
    backup: BackupRecord;
    /** All that was written before comes back with it; ISO 8601 in UTC. */
    takenAt: string;
    /** false: it looks whole, but nothing in it would tell that a byte of it is another. */
    whole: boolean;
  };
}

export interface Loss {
  /** From here on the data was gone (or, beside a live target, from here on it was restored). The server's clock. */
  lostAt: string;
  note: string;
}

export interface Restored {
  /** Where the data is now: a database's name, a data directory. */
  place: string;
  backup: BackupRecord;
  /** Times in which the target itself was busy coming back. */
  waits: { from: string; to: string }[];
  note: string;
}

export interface Verification {
  checks: CheckRecord[];
  newestRecoveredAt: string | null;
  verifiedAt: string;
  note: string;
  /** Why something is not back, the root cause first; missing where nothing asks for causes. */
  causes?: Diagnosis[];
  /** Longest time for which a check from outside had no answer; missing without such checks. */
  downtimeSeconds?: number | null;
}

export interface Control {
  checks: Pick<CheckRecord, "name" | "passed" | "found">[];
  lostAt: string | null;
  note: string;
}

/** What is known of a target when a run is resumed. */
export interface Expected {
  /** The run before has destroyed it. */
  lost: boolean;
  /** It had begun to put the restored data into its place. */
  placing: boolean;
  /** ID of the backup that it has made and proven, null without one. */
  backup: string | null;
}

/** What a run that is resumed has left of its target. */
export interface Remains {
  /** `gone`: not there, or not in use. `placed`: the run before has put it back into place, whether or not it knew. */
  target: "gone" | "placed" | "there";
  note: string;
}

export interface Retention {
  removed: string[];
  note: string;
}

/** Old backups may be the only good ones where the new one did not prove itself. */
export const notProven: Retention = { removed: [], note: "nothing removed: the new backup is not proven" };

/** `C` is the component's own type; a kind that lacks a verb does not compile. */
export interface Verbs<C extends Component> {
  inspect(input: Input<C> & { toTime: string | null }): Promise<Done<Inspection>>;
  /**
   * Looks what the run before has left; what it has destroyed must be gone still, or back by its own doing, and
   * where it is gone the backup must be whole still. @throws TARGET_EXISTS, BACKUP_NOT_VERIFIED, NO_BACKUP
   */
  confirm(input: Input<C> & Expected): Promise<Done<Remains>>;
  plant(input: Input<C>): Promise<Done<Planted>>;
  backup(input: Input<C>): Promise<Done<Backup>>;
  /** @param backup null: the newest that there is, whoever made it; changes nothing */
  proveBackup(input: Input<C> & { backup: Backup | null }): Promise<Done<Proof>>;
  destroy(input: Input<C> & { inspection: Inspection; proof: Proof }): Promise<Done<Loss>>;
  /** Runs the checks of `verify` while the data is lost: each must fail. */
  control(input: Input<C> & { backup: Backup | null; toTime: string | null }): Promise<Done<Control>>;
  restore(input: Input<C> & { backup: Backup | null; toTime: string | null }): Promise<Done<Restored>>;
  verify(
    input: Input<C> & { backup: Backup | null; restored: Restored; toTime: string | null },
  ): Promise<Done<Verification>>;
  place(input: Input<C> & { restored: Restored; proven: boolean }): Promise<Done<Verification>>;
  retain(input: Input<C> & { backup: Backup; proven: boolean }): Promise<Done<Retention>>;
}
