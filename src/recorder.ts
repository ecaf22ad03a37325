import type { InjectedSinks } from "@temporalio/worker";
import { saveRecord } from "./activities/report.ts";
import type { Logger } from "./logger.ts";
import type { RunRecord } from "./report/record.ts";
import type { RecorderSinks } from "./workflows/sinks.ts";

/**
 * The flight recorder: writes the record at each change, so that the loss of the Temporal server does not lose it. One
 * write a run at a time; of the changes that come meanwhile only the newest is written. A write that fails is logged
 * and not fatal here: the step that writes the report fails on the same disk, where a person is asked.
 */
export function createRecorder(logger: Logger) {
  const next = new Map<string, RunRecord>();
  const busy = new Map<string, Promise<void>>();

  async function drain(directory: string): Promise<void> {
    for (let record = next.get(directory); record !== undefined; record = next.get(directory)) {
      next.delete(directory);
      await saveRecord(record).catch((error: unknown) =>
        logger.error({ directory, error: String(error) }, "cannot write the record"),
      );
    }
    busy.delete(directory);
  }

  const sinks: InjectedSinks<RecorderSinks> = {
    recorder: {
      save: {
        fn(_info, record) {
          if (record.directory === "") return;
          next.set(record.directory, record);
          if (!busy.has(record.directory)) busy.set(record.directory, drain(record.directory));
        },
        callDuringReplay: false,
      },
    },
  };
  return { sinks, flush: () => Promise.all(busy.values()) };
}
