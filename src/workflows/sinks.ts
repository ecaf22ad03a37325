import type { Sinks } from "@temporalio/workflow";
import type { RunRecord } from "../report/record.ts";

/** Calls from workflows into the worker that cost no history: the flight recorder. */
export interface RecorderSinks extends Sinks {
  recorder: { save(record: RunRecord): void };
}
