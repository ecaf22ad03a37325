import { ApplicationFailure, CancellationScope, isCancellation, log, uuid4, workflowInfo } from "@temporalio/workflow";
import type { Like } from "../activities/load-plan.ts";
import type { Resumed } from "../activities/resume.ts";
import type { RunRef } from "../activities/verbs.ts";
import { describeFailure, fail, isFailureType } from "../failures.ts";
import type { RunRecord, RunType } from "../report/record.ts";
import { newComponent, newRecord, runName, shortId } from "../report/begin.ts";
import { isSkipped } from "../report/skipped.ts";
import { namesInPlan } from "../plan/many-volumes.ts";
import { holderOf } from "../plan/namespace-data.ts";
import { listsLate } from "../plan/outline.ts";
import { judge } from "../report/verdict.ts";
import { surelyTaken } from "./carry.ts";
import { choose } from "./choose.ts";
import { cleanUp, loadPlan, loadResumed, writeReport } from "./activities.ts";
import { noteMemo } from "./memo.ts";
import { type Checked, checkId, checkRequest } from "./request.ts";
import { Run } from "./run.ts";
import { leaveWhatIsFrozen } from "./skips.ts";

/** @param list finds the volumes of components that mean many, where they could not be found at the beginning */
type Work = (run: Run, list: () => Promise<void>) => Promise<void>;

/**
 * Conducts a run from its request to its report: checks the request, reads the plan, does the work, and whatever
 * happens cleans up and writes the report. A PASS completes the workflow, and so does a run of a schedule that was skipped; a
 * cancelled run ends as cancelled and everything else as failed, so that lists and the UI show at a glance what is not proven.
 */
export async function conduct(type: RunType, input: unknown, work: Work): Promise<RunRecord> {
  checkId(workflowInfo().workflowId);
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
  const about = {
    workflowId,
    runId,
    type,
    scenario,
    toTime,
    by,
    reason,
    ...(request.scheduled && { scheduled: true as const }),
  };
  const record = newRecord(about, request.plan, startedAt);
  const run = new Run(record, ref, toTime);
  run.show();

  const resumed = await before(request, ref, record);
  const takes = resumed?.directories ?? [];
  const like = resumed && likeBefore(resumed, request, ref);
  const loaded = await loadPlan({ run: ref, plan: request.plan, workflowId, runId, takes, ...(like && { like }) });
  const components = choose(loaded.plan, request, type);
  record.components = components.map((one) =>
    newComponent(one, loaded.plan, ref.id, { holder: holderOf(one, components, scenario) }),
  );
  record.rto.objectiveSeconds = seconds(loaded.plan.objectives.rto);
  record.rpo.objectiveSeconds = seconds(loaded.plan.objectives.rpo);
  run.announce(loaded, components);
  noteMemo(record);
  run.people.notices.start();

  const ending = await attempt(run, async () => {
    leaveWhatIsFrozen(record, loaded.plan.freeze ?? [], run.now());
    const list = async () => {
      await run.list(loaded.plan, resumed);
      if (listsLate(type, scenario) && resumed !== null) run.takeOverLate(resumed);
    };
    if (!listsLate(type, scenario)) await list();
    if (resumed !== null) await run.resume(resumed);
    await work(run, list);
    await cleanUpAfter(run);
    await report(run, "done");
  });
  if (ending !== undefined) await CancellationScope.nonCancellable(() => close(run, ending));
  await run.people.notices.end();
  if (record.status === "skipped") return record;
  if (ending !== undefined) {
    if (isCancellation(ending) || ending instanceof ApplicationFailure) throw ending;
    const { type, message, hint } = describeFailure(ending);
    throw fail(isFailureType(type) ? type : "UNEXPECTED", message, hint);
  }
  if (record.verdict === "PASS") return record;
  throw fail(record.verdict === "FAIL" ? "DRILL_FAILED" : "NOT_PROVEN", record.summary);
}

/** The run that this one resumes; its story is told as a part of this one's. */
async function before({ resume, plan, toTime }: Checked, ref: RunRef, record: RunRecord): Promise<Resumed | null> {
  if (resume === null) return null;
  const { type, scenario } = ref;
  const resumed = await loadResumed({ resume, run: { plan, type, scenario, toTime } });
  const { earlier } = resumed;
  Object.assign(record, { resumedAt: record.startedAt, startedAt: earlier[0]!.startedAt, earlier });
  return resumed;
}

/** What a worker that reads the plan compares it with, before the run has left any trace. */
function likeBefore(resumed: Resumed, { components }: Checked, run: RunRef): Like {
  const named = (names: string[]) => namesInPlan(resumed.components.filter(({ name }) => names.includes(name)));
  const taken = named(surelyTaken(run, resumed));
  return { plan: resumed.plan, components: namesInPlan(resumed.components), running: components, taken };
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1_000;
}

/** Does the work; returns what ended it early, if anything did. From then on nobody is asked any more. */
async function attempt(run: Run, work: () => Promise<void>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const { type } = describeFailure(error);
    if (!isCancellation(error) && type !== "ABORTED" && type !== "REFUSED") {
      run.record.failure = { ...describeFailure(error), at: run.now() };
      log.error("the run ends on a failure of no step", { error: String(error) });
    }
    run.record.status = "closing";
    return error as Error;
  }
}

async function cleanUpAfter(run: Run): Promise<void> {
  run.record.leftovers = (await run.ofRun("report/cleanup", cleanUp, run.taken))?.leftovers ?? [];
}

/** Judges, writes the report and settles how the run ended. */
async function report(run: Run, after: RunRecord["status"]): Promise<void> {
  const { record } = run;
  Object.assign(record, judge({ ...record, status: after }));
  await run.ofRun("report/files", writeReport, { record: { ...record, status: after }, ...run.taken });
  settle(run, after);
}

function settle(run: Run, after: RunRecord["status"]): void {
  const { record } = run;
  record.endedAt = run.now();
  Object.assign(record, judge({ ...record, status: after }), { status: after });
  noteMemo(record);
  run.show();
}

/** What is left to do for a run that was given up, cancelled or refused. What fails now is named in the report. */
async function close(run: Run, ending: Error): Promise<void> {
  const after = isCancellation(ending) ? "cancelled" : statusAfter(run.record, describeFailure(ending).type);
  const open = (id: string) => {
    const step = run.record.steps.find((one) => one.id === id);
    return step?.status === "pending" || step?.status === "cancelled";
  };
  if (open("report/cleanup")) await cleanUpAfter(run);
  if (open("report/files")) await report(run, after);
  else settle(run, after);
}

function statusAfter(record: RunRecord, type: string): RunRecord["status"] {
  if (type === "REFUSED") return isSkipped(record) ? "skipped" : "refused";
  return type === "ABORTED" ? "aborted" : "failed";
}
