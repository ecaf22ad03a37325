import type { NoticeEvent } from "../plan/notify-schema.ts";
import type { RtoRecord, RpoRecord, RunRecord } from "./record.ts";

/** How one entry of the plan's `notify:` was told of one event. The address is a secret and stands nowhere. */
export interface NoticeRecord {
  event: NoticeEvent;
  /** The step that waits. */
  step: string | null;
  kind: string;
  /** Place in the plan's list, from 0. */
  entry: number;
  /** When it was to be told, ISO 8601 in UTC. */
  at: string;
  /** Messages that were taken: reminders count. Null as long as nobody knows. */
  sent: number | null;
  /** Messages that were not taken, after all attempts. */
  failed: number;
  /** Why the last of them was not; null where all were. */
  why: string | null;
}

/** All that a notice may tell. It goes to others: no rows, no settings, no addresses of the worker's. */
export interface NoticeFacts {
  event: NoticeEvent;
  /** When it happened, ISO 8601 in UTC. */
  at: string;
  plan: string;
  run: RunRecord["run"];
  status: RunRecord["status"];
  verdict: RunRecord["verdict"];
  /** One sentence; empty before the end. */
  summary: string;
  rto: Pick<RtoRecord, "seconds" | "objectiveSeconds">;
  rpo: RpoRecord;
  waiting: { step: string; why: string; hint: string } | null;
}
