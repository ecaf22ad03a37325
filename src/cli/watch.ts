import { setTimeout as sleep } from "node:timers/promises";
import type { Client, WorkflowHandle } from "@temporalio/client";
import type { RunRecord } from "../report/record.ts";
import { describeRun, isOpen, progressOf, readRecord, taskFailure } from "./observe.ts";
import { programName } from "./program-name.ts";
import type { Progress, Trouble } from "./view/scene.ts";

const readEveryMs = 330;
const describeEveryMs = 600;
/** A busy worker may need a moment; only then is silence worth a line. */
const silenceMs = 3_000;

/** What is known of a run that is being followed; the readers below keep it up to date until `over` is aborted. */
export interface Watch {
  client: Client;
  handle: WorkflowHandle;
  /** The last one that was read. */
  record: RunRecord | null;
  progress: ReadonlyMap<string, Progress>;
  /** Milliseconds since the epoch. */
  lastAnswer: number;
  taskFailure: string | null;
  serverAway: boolean;
  closed: boolean;
  over: AbortController;
}

export function watchOf(client: Client, handle: WorkflowHandle): Watch {
  return {
    client,
    handle,
    record: null,
    progress: new Map(),
    lastAnswer: Date.now(),
    taskFailure: null,
    serverAway: false,
    closed: false,
    over: new AbortController(),
  };
}

/** Sleeps, but not longer than the watch lasts. */
export async function pause({ over }: Watch, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: over.signal }).catch(() => "woken because the watch is over");
}

export async function readRecords(watch: Watch, onChange: (record: RunRecord) => void): Promise<void> {
  while (!watch.over.signal.aborted) {
    const record = await readRecord(watch.client, watch.handle);
    if (watch.over.signal.aborted) return;
    if (record !== null) {
      watch.lastAnswer = Date.now();
      onChange(record);
      watch.record = record;
    }
    await pause(watch, readEveryMs);
  }
}

/** Ends the watch when the run has closed. */
export async function readDescriptions(watch: Watch): Promise<void> {
  while (!watch.over.signal.aborted) {
    const description = await describeRun(watch.client, watch.handle);
    watch.serverAway = description === null;
    if (description !== null) {
      watch.progress = await progressOf(watch.client, description);
      watch.taskFailure = await taskFailure(watch.client, watch.handle, description);
      watch.closed = !isOpen(description);
      if (watch.closed) watch.over.abort();
    }
    await pause(watch, describeEveryMs);
  }
}

/** What keeps the watch from knowing more, null when nothing does. */
export function troubleOf(watch: Watch, now: number): Trouble | null {
  const since = watch.lastAnswer;
  if (watch.taskFailure !== null) {
    const hint = "The run's code fails in the worker: read its log, mend the cause, start it again; the run goes on.";
    return { message: `the run is stuck: ${watch.taskFailure}`, hint, since };
  }
  if (now - since < silenceMs) return null;
  if (watch.serverAway) {
    return { message: "Temporal does not answer", hint: "The run goes on as soon as the server is back.", since };
  }
  const hint = `The run goes on as soon as a worker runs: ${programName} worker`;
  return { message: "no worker answers", hint, since };
}
