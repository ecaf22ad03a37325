import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { log } from "@temporalio/activity";
import type { Config } from "../config.ts";
import type { RunRecord } from "../report/record.ts";
import { readJson } from "./files.ts";
import { recordFile } from "./report.ts";
import type { RunRef } from "./verbs.ts";

/** How many earlier runs the estimate looks at. */
const mostRuns = 5;

/** Median seconds of each step in the newest runs of the same plan, type and scenario that passed. */
export async function expectedSeconds(
  config: Config,
  plan: string,
  run: Pick<RunRef, "type" | "scenario">,
): Promise<Record<string, number>> {
  const records = (await newestRecords(config)).filter(
    (record) =>
      record.plan.name === plan &&
      record.run.type === run.type &&
      record.run.scenario === run.scenario &&
      record.verdict === "PASS",
  );
  const seconds: Record<string, number[]> = {};
  for (const { steps } of records.slice(0, mostRuns)) {
    for (const { id, startedAt, endedAt } of steps) {
      if (startedAt !== null && endedAt !== null)
        (seconds[id] ??= []).push((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
    }
  }
  return Object.fromEntries(Object.entries(seconds).map(([id, all]) => [id, median(all)]));
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Records of this worker, the newest first. One that cannot be read only makes the estimate poorer. */
async function newestRecords(config: Config): Promise<RunRecord[]> {
  const names = await readdir(config.records);
  const found = await Promise.all(
    names.map(async (name) => {
      const path = recordFile(join(config.records, name));
      try {
        const record = await readJson<RunRecord>(path);
        return record === undefined ? [] : [{ record, at: (await stat(path)).mtimeMs }];
      } catch (error) {
        log.warn("an earlier record cannot be read", { path, error: String(error) });
        return [];
      }
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.at - a.at)
    .map(({ record }) => record);
}
