import type { Config } from "../config.ts";
import { describeFailure } from "../failures.ts";
import { runName } from "../report/begin.ts";
import { endedOutside } from "../report/ended-outside.ts";
import type { Leftover, RunRecord } from "../report/record.ts";
import { cleanRun } from "./cleanup.ts";
import { readJson } from "./files.ts";
import { recordFile, writeReports } from "./report.ts";
import { recordDirectory, type RunFile, runDirectory, writeRunFile } from "./run-directory.ts";

/**
 * Cleans up after a run that cannot do it itself any more, and writes its report. Its directory must be closed, and nobody work there.
 * @param status how it ended, as Temporal calls it, such as TERMINATED
 * @param trouble why no report could be made
 */
export async function closeRun(
  config: Config,
  id: string,
  file: RunFile,
  status: string,
): Promise<{ removed: number; leftovers: Leftover[]; trouble?: string }> {
  const { leftovers, removed } = await cleanRun(runDirectory(config, id));
  const path = recordFile(recordDirectory(config, runName(file)));
  let trouble: string | undefined;
  const record = await readJson<RunRecord>(path).catch((error: unknown) => {
    const { type, message } = describeFailure(error);
    if (type !== "STATE_DAMAGED") throw error;
    trouble = `no report can be made: ${message}`;
  });
  // A run that could still say how it ended has the last word on that.
  if (record)
    await writeReports(record.endedAt === null ? endedOutside(record, status, leftovers) : { ...record, leftovers });
  await writeRunFile(config, id, { ...file, closed: true });
  return { removed, leftovers, ...(trouble !== undefined && { trouble }) };
}
