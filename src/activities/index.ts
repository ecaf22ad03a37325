import type { Client } from "@temporalio/client";
import type { Config } from "../config.ts";
import type { RunRecord } from "../report/record.ts";
import { cleanRun } from "./cleanup.ts";
import { loadPlan } from "./load-plan.ts";
import { lockHolder } from "./lock-holder.ts";
import * as pgbackrest from "./pgbackrest/index.ts";
import * as pgdump from "./pgdump/index.ts";
import { writeReports } from "./report.ts";
import { readRunFile, writeRunFile } from "./run-directory.ts";
import { type StepContext, stepActivity } from "./step.ts";
import type { Done, RunRef } from "./verbs.ts";

type Code = (input: never, context: StepContext) => Promise<unknown>;
type AsActivities<T extends Record<string, Code>> = {
  [K in keyof T]: T[K] extends (input: infer I, context: StepContext) => Promise<infer R>
    ? (input: I & { run: RunRef }) => Promise<Done<R>>
    : never;
};

/** Makes activities of the verbs that a kind's folder exports; their names are what people read in the Temporal UI. */
function verbsOf<T extends Record<string, Code>>(config: Config, kind: T): AsActivities<T> {
  return Object.fromEntries(
    Object.entries(kind).map(([name, code]) => [name, stepActivity(config, code as never)]),
  ) as AsActivities<T>;
}

/** All activities of a worker. A new component kind is one more line here. */
export function createActivities(config: Config, client: Client) {
  return {
    lockHolder: (workflowId: string) => lockHolder(client, workflowId),
    loadPlan: (input: Parameters<typeof loadPlan>[1]) => loadPlan(config, input),
    ...verbsOf(config, { ...pgdump }),
    ...verbsOf(config, { ...pgbackrest }),
    cleanUp: stepActivity(config, async (_: { run: RunRef }, { directory }) => await cleanRun(directory)),
    writeReport: stepActivity(config, async ({ record }: { run: RunRef; record: RunRecord }, { run }) => {
      const written = await writeReports(record);
      // The last that a run does. Whoever ends it before leaves it to the sweeper.
      const file = await readRunFile(config, run.id);
      if (file !== undefined) await writeRunFile(config, run.id, { ...file, closed: true });
      return written;
    }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
