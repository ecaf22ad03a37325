import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { log } from "@temporalio/activity";
import type { Config } from "../config.ts";
import { namesInPlan } from "../plan/many-volumes.ts";
import type { RunRecord } from "../report/record.ts";
import type { PastDrill } from "../report/trend.ts";
import { readJson } from "./files.ts";
import { recordFile } from "./report.ts";
import type { RunRef } from "./verbs.ts";

/** How many earlier runs the estimate looks at. */
const mostRuns = 5;
/** Some may be about other components: only the workflow knows which this run is about. */
const mostDrills = 40;

/** A drill of before, with what it was about. */
export type KnownDrill = PastDrill & {
  /** Names in the plan. */
  components: string[];
};

export interface Earlier {
  /** Median seconds of each step in the newest runs of the same plan, type and scenario that passed. */
  expectedSeconds: Record<string, number>;
  /** The exercises of the same plan and scenario, the oldest first. */
  before: KnownDrill[];
}

/** What the worker's records say of runs like this one. */
export async function lookBack(
  config: Config,
  plan: string,
  run: Pick<RunRef, "type" | "scenario">,
  workflowId: string,
): Promise<Earlier> {
  const records = await newestRecords(config);
  // Parts of a story that was resumed are one drill, which the last one tells.
  const told = new Set(records.flatMap(({ earlier }) => earlier.map(({ runId }) => runId)));
  const alike = records.filter(
    (record) =>
      !told.has(record.run.runId) &&
      record.plan.name === plan &&
      record.run.type === run.type &&
      record.run.scenario === run.scenario &&
      record.run.workflowId !== workflowId,
  );
  const seconds: Record<string, number[]> = {};
  for (const { steps } of alike.filter(({ verdict }) => verdict === "PASS").slice(0, mostRuns)) {
    for (const { id, startedAt, endedAt } of steps) {
      if (startedAt !== null && endedAt !== null)
        (seconds[id] ??= []).push((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
    }
  }
  const drills = run.type === "exercise" ? alike.flatMap(drillOf) : [];
  return {
    expectedSeconds: Object.fromEntries(Object.entries(seconds).map(([id, all]) => [id, median(all)])),
    before: drills.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).slice(-mostDrills),
  };
}

/** Nothing of a run that is not over, or that was skipped. */
function drillOf({ run, startedAt, verdict, status, rto, rpo, components }: RunRecord): KnownDrill[] {
  if (verdict === null || status === "skipped") return [];
  const about = namesInPlan(components);
  const { workflowId } = run;
  return [{ workflowId, startedAt, verdict, rtoSeconds: rto.seconds, rpoSeconds: rpo.seconds, components: about }];
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
