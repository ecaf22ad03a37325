import { ApplicationFailure } from "@temporalio/common";
import type { Config } from "../config.ts";
import { describeFailure, withoutStack } from "../failures.ts";
import { findPlan } from "../plan/load.ts";
import { contradiction, type WorkedBy } from "../plan/reload.ts";
import type { Plan } from "../plan/schema.ts";
import { runName } from "../report/begin.ts";
import { redact } from "../redaction.ts";
import type { LoadedPlan } from "../workflows/plan-in-use.ts";
import { codeVersion } from "./code-version.ts";
import { assertWritable } from "./files.ts";
import { lookBack } from "./expected.ts";
import { hostQueue } from "./host-queue.ts";
import { keepPlan, openRun, recordDirectory, takeDirectory } from "./run-directory.ts";
import type { RunRef } from "./verbs.ts";

/** What a plan is compared with by which a run is to go on with another one. */
export interface Like extends WorkedBy {
  /** Names of the components that were asked for; null for all of the plan. */
  running: string[] | null;
  /** Names of those that steps are taken over of in any case. */
  taken: string[];
}

interface Input {
  run: RunRef;
  plan: string;
  workflowId: string;
  runId: string;
  /** Names of directories of the run that this one resumes; missing where an older version asks. */
  takes?: string[];
  /** Missing in a run that resumes no other one. */
  like?: Like;
}

/** Reads and checks the plan, and opens the run's directories: a run that could not be recorded does not start. */
export async function loadPlan(
  config: Config,
  { run, plan: name, workflowId, runId, takes = [], like }: Input,
): Promise<LoadedPlan> {
  return await withCleanFailure(async () => {
    const { plan, sha256 } = await findPlan(config.plans, name);
    // Before the directories are taken: a resume that is refused for it leaves the run before as it was.
    if (like !== undefined) requireLike(like, plan);
    await openRun(config, run, { workflowId, runId });
    for (const taken of takes) await takeDirectory(config, taken, { workflowId, runId });
    await keepPlan(config, run.id, plan, sha256);
    const directory = recordDirectory(config, runName({ workflowId, runId }));
    await assertWritable(directory);
    return {
      plan,
      sha256,
      codeVersion,
      host: await hostQueue(config),
      directory,
      ...(await lookBack(config, name, run, workflowId)),
    };
  });
}

/** @throws REQUEST_INVALID */
function requireLike({ running, taken, ...before }: Like, plan: Plan): void {
  const names = running ?? plan.components.map((component) => component.name);
  const error = contradiction(before, plan, names, new Set(taken));
  if (error !== undefined) throw error;
}

/** Reads and checks the plan again, in the middle of a run. */
export async function reloadPlan(config: Config, run: RunRef): Promise<Pick<LoadedPlan, "plan" | "sha256">> {
  return await withCleanFailure(async () => {
    const { plan, sha256 } = await findPlan(config.plans, run.plan);
    await keepPlan(config, run.id, plan, sha256);
    return { plan, sha256 };
  });
}

/** What is wrong with a plan is for a person to mend: not to be tried again, and without secrets. */
export async function withCleanFailure<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { type, message, hint } = describeFailure(error);
    throw withoutStack(ApplicationFailure.nonRetryable(redact(message), type, { hint }));
  }
}
