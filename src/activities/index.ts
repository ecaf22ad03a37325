import type { Client } from "@temporalio/client";
import type { Config } from "../config.ts";
import type { RunRecord } from "../report/record.ts";
import * as cluster from "./cluster/index.ts";
import { cleanUp } from "./cleanup.ts";
import { examine } from "./doctor/index.ts";
import { hostQueue } from "./host-queue.ts";
import { loadPlan, reloadPlan } from "./load-plan.ts";
import * as infrastructure from "./infrastructure/index.ts";
import { claim } from "./locks/claim.ts";
import { notify } from "./notify/index.ts";
import * as longhorn from "./longhorn/index.ts";
import { listVolumes } from "./longhorn/list.ts";
import * as namespaceData from "./namespace-data/index.ts";
import * as namespace from "./namespace/index.ts";
import * as pgbackrest from "./pgbackrest/index.ts";
import * as pgdump from "./pgdump/index.ts";
import { writeReports } from "./report.ts";
import { readRunFile, runDirectory, writeRunFile } from "./run-directory.ts";
import { loadResumed } from "./resume.ts";
import * as workload from "./workload/index.ts";
import { type StepContext, stepActivity } from "./step.ts";
import type { Done, RunRef } from "./verbs.ts";

type Code = (input: never, context: StepContext) => Promise<unknown>;
type AsActivities<T extends Record<string, Code>> = {
  [K in keyof T]: T[K] extends (input: infer I, context: StepContext) => Promise<infer R>
    ? (input: I & { run: RunRef }) => Promise<Done<R>>
    : never;
};

/** Makes activities of the verbs that a kind's folder exports; their names are what people read in the Temporal UI. */
function verbsOf<T extends Record<string, Code>>(config: Config, client: Client, kind: T): AsActivities<T> {
  return Object.fromEntries(
    Object.entries(kind).map(([name, code]) => [name, stepActivity(config, client, code as never)]),
  ) as AsActivities<T>;
}

/** `taken`: directories of the run that it resumes; missing where an older version asks. */
interface OfRun {
  run: RunRef;
  taken?: string[];
}

/** All activities of a worker. A new component kind is one more line here. */
export function createActivities(config: Config, client: Client) {
  return {
    claim: (input: Parameters<typeof claim>[2]) => claim(config, client, input),
    examine: async (input: Parameters<typeof examine>[3]) => examine(config, client, await hostQueue(config), input),
    loadPlan: (input: Parameters<typeof loadPlan>[1]) => loadPlan(config, input),
    reloadPlan: ({ run }: { run: RunRef }) => reloadPlan(config, run),
    loadResumed: (input: Parameters<typeof loadResumed>[2]) => loadResumed(config, client, input),
    notify: (input: Parameters<typeof notify>[1]) => notify(config, input),
    ...verbsOf(config, client, { ...namespace }),
    ...verbsOf(config, client, { ...namespaceData }),
    ...verbsOf(config, client, { ...cluster }),
    ...verbsOf(config, client, { ...workload }),
    ...verbsOf(config, client, { ...longhorn, listVolumes }),
    ...verbsOf(config, client, { ...infrastructure }),
    ...verbsOf(config, client, { ...pgdump }),
    ...verbsOf(config, client, { ...pgbackrest }),
    cleanUp: stepActivity(
      config,
      client,
      async ({ run, taken = [] }: OfRun, context) =>
        cleanUp(
          [run.id, ...taken].map((name) => runDirectory(config, name)),
          context,
        ),
      "yes",
    ),
    writeReport: stepActivity(
      config,
      client,
      async ({ run, record, taken = [] }: OfRun & { record: RunRecord }) => {
        const written = await writeReports(record);
        // The last that a run does. Whoever ends it before leaves it to the sweeper.
        for (const name of [run.id, ...taken]) {
          const file = await readRunFile(config, name);
          if (file !== undefined) await writeRunFile(config, name, { ...file, closed: true });
        }
        return written;
      },
      "yes",
    ),
  };
}

export type Activities = ReturnType<typeof createActivities>;
