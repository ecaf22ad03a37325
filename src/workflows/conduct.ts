import { CancellationScope, isCancellation, log, TemporalFailure, uuid4, workflowInfo } from "@temporalio/workflow";
import { closest } from "fastest-levenshtein";
import type { RunRef } from "../activities/verbs.ts";
import { describeFailure, fail } from "../failures.ts";
import type { Component, Plan } from "../plan/schema.ts";
import type { RunRecord, RunType } from "../report/record.ts";
import { newComponent, newRecord, runName, shortId } from "../report/begin.ts";
import { judge } from "../report/verdict.ts";
import { cleanUp, loadPlan, writeReport } from "./activities.ts";
import { checkRequest } from "./request.ts";
import { Run } from "./run.ts";

/**
 * Conducts a run from its request to its report: checks the request, reads the plan, does the work, and whatever
 * happens cleans up and writes the report. Only a PASS completes the workflow; a cancelled run ends as cancelled and
 * everything else as failed, so that lists, schedules and the UI show at a glance what is not proven.
 */
export async function conduct(type: RunType, input: unknown, work: (run: Run) => Promise<void>): Promise<RunRecord> {
  const request = checkRequest(type, input);
  const { scenario, toTime, by, reason } = request;
  const { workflowId, runId } = workflowInfo();
  const startedAt = new Date().toISOString();
  const ref: RunRef = {
    id: runName({ workflowId, runId }),
    short: shortId(runId),
    plan: request.plan,
    planSha256: "",
    type,
    scenario,
    nonce: uuid4(),
    startedAt,
    tryNo: 0,
  };
  const record = newRecord({ workflowId, runId, type, scenario, toTime, by, reason }, request.plan, startedAt);
  const run = new Run(record, ref, toTime);
  run.show();

  const loaded = await loadPlan({ run: ref, plan: request.plan, workflowId, runId });
  const components = choose(loaded.plan, request.components);
  record.components = components.map((component) => newComponent(component, loaded.plan));
  record.rto.objectiveSeconds = seconds(loaded.plan.objectives.rto);
  record.rpo.objectiveSeconds = seconds(loaded.plan.objectives.rpo);
  run.announce(loaded, components);

  const ending = await attempt(run, async () => {
    await work(run);
    await cleanUpAfter(run);
    await report(run, "done");
  });
  if (ending !== undefined) {
    await CancellationScope.nonCancellable(() => close(run, ending));
    throw ending instanceof TemporalFailure ? ending : fail("UNEXPECTED", ending.message);
  }
  if (record.verdict === "PASS") return record;
  throw fail(record.verdict === "FAIL" ? "DRILL_FAILED" : "NOT_PROVEN", record.summary);
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1_000;
}

function choose(plan: Plan, names: string[] | null): Component[] {
  const known = plan.components.map(({ name }) => name);
  const unknown = (names ?? []).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw fail(
      "REQUEST_INVALID",
      `plan ${plan.name} has no component "${unknown}"`,
      `Did you mean "${closest(unknown, known)}"?`,
    );
  return plan.components.filter(({ name }) => names === null || names.includes(name));
}

/** Does the work; returns what ended it early, if anything did. From then on nobody is asked any more. */
async function attempt(run: Run, work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { type } = describeFailure(error);
    if (!isCancellation(error) && type !== "ABORTED" && type !== "REFUSED")
      log.error("the run ends on an unexpected failure", { error: String(error) });
    run.record.status = "closing";
    return error as Error;
  }
}

async function cleanUpAfter(run: Run): Promise<void> {
  run.record.leftovers = (await run.ofRun("report/cleanup", cleanUp, {}))?.leftovers ?? [];
}

/** Judges, writes the report and settles how the run ended. */
async function report(run: Run, after: RunRecord["status"]): Promise<void> {
  const { record } = run;
  Object.assign(record, judge({ ...record, status: after }));
  await run.ofRun("report/files", writeReport, { record: { ...record, status: after } });
  settle(run, after);
}

function settle(run: Run, after: RunRecord["status"]): void {
  const { record } = run;
  record.endedAt = run.now();
  Object.assign(record, judge({ ...record, status: after }), { status: after });
  run.show();
}

/** What is left to do for a run that was given up, cancelled or refused. What fails now is named in the report. */
async function close(run: Run, ending: Error): Promise<void> {
  const after = isCancellation(ending) ? "cancelled" : statusAfter(describeFailure(ending).type);
  const open = (id: string) => {
    const step = run.record.steps.find((one) => one.id === id);
    return step?.status === "pending" || step?.status === "cancelled";
  };
  if (open("report/cleanup")) await cleanUpAfter(run);
  if (open("report/files")) await report(run, after);
  else settle(run, after);
}

function statusAfter(type: string): RunRecord["status"] {
  return type === "REFUSED" ? "refused" : type === "ABORTED" ? "aborted" : "failed";
}
