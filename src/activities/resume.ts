import { cancellationSignal } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import type { Config } from "../config.ts";
import { fail } from "../failures.ts";
import type { Plan } from "../plan/schema.ts";
import { readRegularFile } from "../regular-file.ts";
import { runName } from "../report/begin.ts";
import type { EarlierPart } from "../report/people.ts";
import type { RunRecord, RunType, Scenario } from "../report/record.ts";
import { parseRecord } from "../report/schema.ts";
import { endOf } from "../temporal/ended.ts";
import { closeRun } from "./close-run.ts";
import { untilAnswered } from "../temporal/until-answered.ts";
import { fileFailure } from "./files.ts";
import { withCleanFailure } from "./load-plan.ts";
import { recordFile } from "./report.ts";
import {
  fileName,
  keptPlan,
  keptResult,
  lastSign,
  nextTries,
  readRunFile,
  recordDirectory,
  type RunFile,
  runDirectory,
} from "./run-directory.ts";
import { closeTo, workedOn } from "./turn.ts";
import type { RunRef } from "./verbs.ts";

/** What a run that was closed hands over to the one that resumes it. */
export interface Resumed {
  /** All parts before, the closed one last. */
  earlier: EarlierPart[];
  steps: RunRecord["steps"];
  components: RunRecord["components"];
  /** By which it worked last, and the sha256 of its file. */
  plan: Plan;
  planSha256: string;
  /** By the name of a component. */
  of: Record<string, Remembered>;
  /** Names of the directories where it has worked. */
  directories: string[];
}

/** What is known of a component in the directory where the run before has worked on it. */
interface Remembered {
  ref: Required<RunFile>["ref"] & { resumes: true };
  /** What steps have returned, by ID. */
  results: Record<string, unknown>;
  /** The number of the next try, by the ID of steps that have been tried. */
  tries: Record<string, number>;
}

interface Input {
  /** Name of the closed run's directory of records. */
  resume: string;
  run: Pick<RunRef, "plan" | "type"> & { scenario: Scenario; toTime: string | null };
}

const invalid = (message: string, hint: string) => fail("REQUEST_INVALID", message, hint);

/**
 * Reads what a closed run has left on this host. One that ended without cleaning up (terminated, or its server is lost) is
 * cleaned up after first.
 * @throws REQUEST_INVALID that says why it cannot be resumed, RECORD_INVALID
 */
export async function loadResumed(config: Config, client: Client, { resume, run }: Input): Promise<Resumed> {
  return await withCleanFailure(async () => {
    if (!/^[\w.-]+$/.test(resume) || /^\.+$/.test(resume))
      throw invalid(`${JSON.stringify(resume)} is no name of a run's records`, "Use `firedrill resume RUN`.");
    const record = await readRecord(config, resume);
    requireSame(record, run, resume);
    const begun = await lastThatWorked(config, record);
    const directories = [...new Set([runName(record.run), ...begun.components.map(({ directory }) => directory)])];
    for (const directory of directories) await settle(config, client, directory, record);
    const planSha256 = record.plan.sha256;
    const plan = await keptPlan(config, directories, planSha256);
    if (plan === undefined) throw tooLittle(runDirectory(config, runName(record.run)));
    // What cleaned up after it may have written its end.
    const closed = await readRecord(config, resume);
    const of: Resumed["of"] = {};
    const { steps, components } = begun === record ? closed : begun;
    for (const { name, directory } of components) of[name] = await remembered(config, directory, name, steps);
    const paths = directories.map((name) => runDirectory(config, name));
    const endedAt = record.endedAt ?? (await lastSign(paths, record.resumedAt ?? record.startedAt));
    return { plan, planSha256, directories, of, ...handedOver({ ...closed, endedAt }), steps, components };
  });
}

function tooLittle(directory: string): Error {
  return invalid(
    `there is nothing to resume a run with in ${directory}`,
    "Runs of an older version, and those whose directory was removed, cannot be resumed: start a new one.",
  );
}

async function readRecord(config: Config, name: string): Promise<RunRecord> {
  const path = recordFile(recordDirectory(config, name));
  const text = await readRegularFile(path).catch((error: NodeJS.ErrnoException) => {
    const hint = "Resume a run on the host that ran it; put its directory back if it was moved.";
    throw error.code === "ENOENT" ? invalid(`this worker has no record ${path}`, hint) : fileFailure(error, path);
  });
  return parseRecord(text, path);
}

/** A run that was closed while it looked whether all is as it was left has taken nothing over: what it was to resume has. */
async function lastThatWorked(config: Config, record: RunRecord): Promise<RunRecord> {
  const looks = record.steps.filter(({ id }) => id.startsWith("preflight/resume/"));
  const before = record.earlier.at(-1);
  if (before === undefined || looks.every(({ status }) => status === "done")) return record;
  return await lastThatWorked(config, await readRecord(config, runName(before)));
}

function requireSame({ run, plan, status, verdict }: RunRecord, wanted: Input["run"], name: string): void {
  const same =
    run.type === wanted.type &&
    run.scenario === wanted.scenario &&
    run.toTime === wanted.toTime &&
    plan.name === wanted.plan;
  if (!same)
    throw invalid(
      `run ${name} is another one: ${told(run.type, run.scenario, plan.name)}, not ${told(wanted.type, wanted.scenario, wanted.plan)}`,
      "A run is resumed with type, plan, scenario and time as they were: use `firedrill resume RUN`.",
    );
  if (status === "done") throw invalid(`run ${name} is over: ${verdict}`, "Start a new one.");
}

function told(type: RunType, scenario: Scenario, plan: string): string {
  return `${type} of ${plan}, scenario ${scenario}`;
}

/**
 * Sees to it that nobody works in a directory of the closed run any more.
 * @throws REQUEST_INVALID while somebody may, and when another run has resumed it
 */
async function settle(config: Config, client: Client, directory: string, { run }: RunRecord): Promise<void> {
  const file = await readRunFile(config, directory);
  if (file?.ref === undefined) throw tooLittle(runDirectory(config, directory));
  if (file.runId !== run.runId)
    throw invalid(
      `run ${run.workflowId} (run ID ${run.runId}) was resumed already, by run ID ${file.runId} of ${file.workflowId}`,
      "Resume that one, if it is closed.",
    );
  if (file.closed) return;
  const status = await untilAnswered(
    () => endOf(client, file.workflowId, file.runId, "LOST"),
    cancellationSignal(),
    () => undefined,
  );
  if (status === undefined)
    throw invalid(`run ${file.workflowId} is under way (run ID ${file.runId})`, "Answer it, or cancel it first.");
  await closeTo(runDirectory(config, directory), file.runId);
  const other = await workedOn(runDirectory(config, directory));
  if (other !== undefined)
    throw invalid(
      `a worker still works on step ${other} of run ${file.workflowId}`,
      "Wait a minute, or stop the worker of the server that was lost; then resume again.",
    );
  await closeRun(config, directory, file, status);
}

function handedOver(record: RunRecord & { endedAt: string }): Pick<Resumed, "earlier"> {
  const { run, earlier, status, summary, startedAt, resumedAt, endedAt } = record;
  const part: EarlierPart = {
    workflowId: run.workflowId,
    runId: run.runId,
    by: run.by,
    reason: run.reason,
    startedAt: resumedAt ?? startedAt,
    endedAt,
    status,
    summary,
  };
  return { earlier: [...earlier, part] };
}

async function remembered(
  config: Config,
  name: string,
  component: string,
  steps: RunRecord["steps"],
): Promise<Remembered> {
  const directory = runDirectory(config, name);
  const next = await nextTries(directory);
  const results: Remembered["results"] = {};
  const tries: Remembered["tries"] = {};
  for (const step of steps.filter((one) => one.component === component)) {
    if (step.status === "done") results[step.id] = await keptResult(directory, step.id);
    tries[step.id] = next.get(fileName(step.id)) ?? 0;
  }
  return { ref: { ...(await readRunFile(config, name))!.ref!, resumes: true }, results, tries };
}
