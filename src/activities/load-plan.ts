import { ApplicationFailure } from "@temporalio/common";
import type { Config } from "../config.ts";
import { describeFailure, withoutStack } from "../failures.ts";
import { findPlan } from "../plan/load.ts";
import { redact } from "../redaction.ts";
import type { LoadedPlan } from "../workflows/run.ts";
import { codeVersion } from "./code-version.ts";
import { assertWritable } from "./files.ts";
import { expectedSeconds } from "./expected.ts";
import { hostQueue } from "./host-queue.ts";
import { openRun, recordDirectory } from "./run-directory.ts";
import type { RunRef } from "./verbs.ts";

interface Input {
  run: RunRef;
  plan: string;
  workflowId: string;
  runId: string;
}

/** Reads and checks the plan, and opens the run's directories: a run that could not be recorded does not start. */
export async function loadPlan(config: Config, { run, plan: name, workflowId, runId }: Input): Promise<LoadedPlan> {
  try {
    const { plan, sha256 } = await findPlan(config.plans, name);
    await openRun(config, run.id, { workflowId, runId });
    const directory = recordDirectory(config, run.id);
    await assertWritable(directory);
    return {
      plan,
      sha256,
      codeVersion,
      host: await hostQueue(config),
      directory,
      expectedSeconds: await expectedSeconds(config, name, run),
    };
  } catch (error) {
    const { type, message, hint } = describeFailure(error);
    throw withoutStack(ApplicationFailure.nonRetryable(redact(message), type, { hint }));
  }
}
