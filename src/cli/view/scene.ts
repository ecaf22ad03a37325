import type { RunRecord } from "../../report/record.ts";
import type { Answering } from "../answering.ts";

/** What the server knows of a running step besides the record. */
export interface Progress {
  /** Of the last heartbeat: "82 MB of 200 MB". */
  text: string | null;
  percent: number | null;
  attempt: number;
  /** No worker has taken this attempt up yet. */
  queued: boolean;
}

/** Something that keeps the view from knowing more: no worker, no server. */
export interface Trouble {
  message: string;
  hint: string;
  /** Milliseconds since the epoch, like `now`. */
  since: number;
}

/** All that one drawing shows. */
export interface Scene {
  record: RunRecord;
  /** By the step's ID. */
  progress: ReadonlyMap<string, Progress>;
  trouble: Trouble | null;
  /** How far a person is who answers by keys; null where there is no keyboard. */
  answering: Answering | null;
  now: number;
  /** Counts the drawings, for the spinner. */
  frame: number;
}

export interface Size {
  columns: number;
  rows: number;
}
