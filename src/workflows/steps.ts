import { isCancellation } from "@temporalio/workflow";
import type { Resumed } from "../activities/resume.ts";
import type { Done, RunRef } from "../activities/verbs.ts";
import { describeFailure, fail } from "../failures.ts";
import { stepId } from "../plan/steps.ts";
import { isOfClosing } from "../report/loss.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import type { StepActivity } from "./activities.ts";
import type { createClock } from "./clock.ts";
import { detailsOf, failedStep, finishedStep, noteResult, noteVerification, type StepDetails } from "./journal.ts";
import type { createPeople } from "./people.ts";
import type { createPlanInUse } from "./plan-in-use.ts";

/** What the steps of a run have to do with. */
export interface Surroundings {
  record: RunRecord;
  ref: RunRef;
  clock: ReturnType<typeof createClock>;
  people: ReturnType<typeof createPeople>;
  plan: ReturnType<typeof createPlanInUse>;
  /** Puts the record before people's eyes. */
  show: () => void;
}

export type Steps = ReturnType<typeof createSteps>;

/** How one step is done: its activity, what of its end stands in the record, and who is asked when it fails. */
export function createSteps({ record, ref, clock, people, plan, show }: Surroundings) {
  let resumed: Resumed | undefined;

  function find(id: string): StepRecord {
    const step = record.steps.find((one) => one.id === id);
    if (step === undefined) throw fail("UNEXPECTED", `step ${id} was not announced`);
    return step;
  }

  /** What the run before has left of a component whose steps are taken over: the rest of them goes on in its directory. */
  function rememberedFor({ id, component }: StepRecord): Resumed["of"][string] | undefined {
    if (resumed === undefined || component === null) return undefined;
    const directoryIn = ({ components }: Pick<RunRecord, "components">) =>
      components.find(({ name }) => name === component)?.directory;
    const goesOn = directoryIn(record) === directoryIn(resumed);
    return goesOn || id === stepId("confirm", component) ? resumed.of[component] : undefined;
  }

  /** By which activities know the run and the try of the step. */
  function refFor(step: StepRecord, tryNo: number): RunRef {
    const approvals = people.approvals();
    return { ...ref, ...rememberedFor(step)?.ref, ...(approvals.length > 0 && { approvals }), tryNo };
  }

  function cancelled(step: StepRecord, error: unknown): unknown {
    Object.assign(step, { status: "cancelled", endedAt: clock.now() });
    show();
    return error;
  }

  /** While the run is paused its next steps wait. @throws ABORTED when somebody gives up meanwhile */
  async function waitOutPause(step: StepRecord): Promise<void> {
    step.startedAt ??= clock.now();
    const decision = await people.waitOutPause(step).catch((error: unknown) => {
      throw cancelled(step, error);
    });
    if (decision === undefined) return;
    Object.assign(step, { status: "aborted", endedAt: clock.now() });
    show();
    throw fail("ABORTED", `${decision.by} gave up at ${step.id}, where the run was paused: ${decision.reason}`);
  }

  /** Nobody is asked while a run that was given up cleans up, nor in an audit: the report names what has failed. */
  function giveUpQuietly(step: StepRecord): boolean {
    Object.assign(step, { status: "aborted", endedAt: clock.now() });
    show();
    return false;
  }

  /** Waits for a person. True: try again; false: skipped. @throws ABORTED */
  async function ask(step: StepRecord, details: StepDetails): Promise<boolean> {
    if (step.component !== null && "verification" in details)
      noteVerification(record, step.component, details.verification);
    if (record.status === "closing" || (record.run.type === "audit" && !isOfClosing(step))) return giveUpQuietly(step);
    const { action, by } = await people.decide(step).catch((error: unknown) => {
      throw cancelled(step, error);
    });
    if (action === "retry") return true;
    Object.assign(step, { status: action === "skip" ? "skipped" : "aborted", endedAt: clock.now() });
    show();
    if (action === "skip") return false;
    throw fail("ABORTED", `${by} gave up at ${step.id}: ${step.failures.at(-1)?.message}`);
  }

  /** Marks that it is being done, and says when that began by the clock of the run. */
  function begin(step: StepRecord): string {
    const from = clock.now();
    step.status = "running";
    step.startedAt ??= from;
    show();
    return from;
  }

  function finish(step: StepRecord, done: Done<unknown>, at = clock.now()): void {
    finishedStep(step, done.attempts, at);
    noteResult(record, step, done.value);
  }

  /** Does a step to its end, through as many failures and decisions as it takes; undefined when a person skipped it. */
  async function run<I, T>(id: string, activity: StepActivity<I, T>, input: I): Promise<Done<T> | undefined> {
    const step = find(id);
    const before = rememberedFor(step);
    if (step.carriedOver) return step.status === "done" ? { value: before!.results[id] as T, attempts: [] } : undefined;
    for (let tryNo = before?.tries[id] ?? 0; ; tryNo += 1) {
      if (people.arePausing() && !isOfClosing(step)) await waitOutPause(step);
      const own = Date.now();
      const from = begin(step);
      try {
        const options = { activityId: id, summary: step.title, taskQueue: plan.host() };
        const now = { ...input, ...plan.refreshed(step.component, input as object), run: refFor(step, tryNo) };
        const done = await activity.executeWithOptions(options, [now]);
        clock.passed(from, own, done.attempts);
        finish(step, done);
        show();
        return done;
      } catch (error) {
        if (isCancellation(error)) throw cancelled(step, error);
        const details = detailsOf(error);
        clock.passed(from, own, details.attempts);
        failedStep(step, describeFailure(error), details, clock.now());
        if (!(await ask(step, details))) return undefined;
      }
    }
  }

  return {
    /** From now on it is known what the run before has left. */
    resume: (before: Resumed): void => void (resumed = before),
    find,
    run,
    ask,
    begin,
    finish,
    cancelled,
    refFor,
    waitOutPause,
    /** The number of the next try, as far as the run before tells. */
    firstTry: (step: StepRecord): number => rememberedFor(step)?.tries[step.id] ?? 0,
  };
}
