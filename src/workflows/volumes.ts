import {
  CancellationScope,
  type ChildWorkflowHandle,
  condition,
  isCancellation,
  startChild,
  workflowInfo,
} from "@temporalio/workflow";
import type { Attempt, Backup, Done, Restored } from "../activities/verbs.ts";
import { describeFailure, fail } from "../failures.ts";
import type { LonghornComponent } from "../plan/longhorn-schema.ts";
import { stepId } from "../plan/steps.ts";
import type { StepRecord } from "../report/record.ts";
import type { StepActivity } from "./activities.ts";
import { failedStep } from "./journal.ts";
import type { Steps, Surroundings } from "./steps.ts";
import { type Known, stretchFrom, type StretchVerb, type Told, volumeWorkflowId } from "./stretch.ts";
import { holdSignal, volume } from "./volume.ts";

type Left = { step: StepRecord; verb: StretchVerb }[];

/** What a run knows of a volume when it asks for the first step of a stretch. */
interface Given {
  component: LonghornComponent;
  toTime?: string | null;
  backup?: Backup | null;
}

const isOver = ({ step }: Left[number]) => ["done", "skipped", "aborted"].includes(step.status);

/**
 * The volumes of components that mean many. One child workflow does several steps of a volume, so that the history of the run
 * stays short: who asks for the first of them gets the others done as well, and finds them done when it asks for them. Decisions,
 * order and record stay with the run.
 */
export function createVolumes({ record, ref, clock, people, plan, show }: Surroundings, steps: Steps) {
  /** What steps have returned, by ID. */
  const values = new Map<string, unknown>();
  const tries = new Map<string, number>();
  const tryNo = (step: StepRecord) => tries.get(step.id) ?? steps.firstTry(step);
  const again = (step: StepRecord) => void tries.set(step.id, tryNo(step) + 1);

  /** As a step of any other component. */
  async function run<I, T>(id: string, activity: StepActivity<I, T>, input: I): Promise<Done<T> | undefined> {
    const step = steps.find(id);
    const left = step.carriedOver ? [] : stretchFrom(record, step);
    if (left.length > 0) await go(left, input as Given);
    else if (step.carriedOver || step.status === "pending")
      values.set(id, (await steps.run(id, activity, input))?.value);
    return step.status === "done" ? { value: values.get(id) as T, attempts: [] } : undefined;
  }

  /** Does the steps of a stretch, through as many failures and decisions as it takes. */
  async function go(all: Left, given: Given): Promise<void> {
    for (let left = all; left.length > 0; left = left.filter((one) => !isOver(one))) {
      const { step: first } = left[0]!;
      if (people.arePausing()) await steps.waitOutPause(first);
      const [own, from] = [Date.now(), steps.begin(first)];
      const told = await doInChild(left, given).catch((error: unknown): Told => {
        if (isCancellation(error) && CancellationScope.current().consideredCancelled)
          throw steps.cancelled(first, error);
        // Nobody knows how far it was.
        for (const { step } of left.slice(1)) again(step);
        const details = { attempts: [] };
        const failure = describeFailure(endedOutside(first.id, error));
        return { done: [], failed: { id: first.id, startedAt: from, failure, details } };
      });
      clock.passed(from, own, attemptsOf(told));
      if (await note(told)) again(steps.find(told.failed!.id));
    }
  }

  async function doInChild(left: Left, given: Given): Promise<Told> {
    const { step: first } = left[0]!;
    const { component } = given;
    const { workflowId } = workflowInfo();
    const valueOf = (verb: "backup" | "restore") => values.get(stepId(verb, component.name));
    const known: Known = {
      toTime: given.toTime ?? null,
      backup: given.backup ?? (valueOf("backup") as Backup | undefined) ?? null,
      restored: (valueOf("restore") as Restored | undefined) ?? null,
    };
    const { tryNo: _, ...run } = steps.refFor(first, 0);
    const stretch = {
      host: plan.host(),
      component: plan.volume(component.name),
      access: plan.access(),
      run,
      steps: left.map(({ step, verb }) => ({ id: step.id, verb, title: step.title, tryNo: tryNo(step) })),
      known,
    };
    const child = await startChild(volume, {
      workflowId: volumeWorkflowId({ workflowId }, ref, first.id, tryNo(first)),
      args: [stretch],
      parentClosePolicy: "TERMINATE",
      // The clean-up waits until its step has let go, as for the run's own steps.
      cancellationType: "TRY_CANCEL",
      staticSummary: `${component.name}: ${left.map(({ verb }) => verb).join(", ")}`,
      staticDetails: `Steps of one volume of ${workflowId}, which decides what becomes of them.`,
    });
    return await untilEnded(child);
  }

  async function untilEnded(child: ChildWorkflowHandle<typeof volume>): Promise<Told> {
    let isOpen = true;
    const result = child.result().finally(() => (isOpen = false));
    void condition(() => !isOpen || people.arePausing())
      .then(async () => (isOpen ? await child.signal(holdSignal) : undefined))
      .catch(() => "it has ended meanwhile, or the run is cancelled");
    return await result;
  }

  /** Takes into the record what was told. True: what failed is tried again. @throws ABORTED */
  async function note({ done, failed }: Told): Promise<boolean> {
    for (const { id, startedAt, endedAt, ...one } of done) {
      const step = steps.find(id);
      step.startedAt ??= startedAt;
      steps.finish(step, one, endedAt);
      values.set(id, one.value);
    }
    show();
    if (failed === null) return false;
    const step = steps.find(failed.id);
    step.startedAt ??= failed.startedAt;
    // Now, by the record: from now on it waits.
    failedStep(step, failed.failure, failed.details, clock.now());
    return await steps.ask(step, failed.details);
  }

  return {
    /** Whether a step is about one of those. */
    has: (id: string): boolean => isOneOfMany(record.components, steps.find(id)),
    run,
  };
}

function isOneOfMany(components: { name: string; of?: unknown }[], { component }: StepRecord): boolean {
  return components.some(({ name, of }) => name === component && of !== undefined);
}

function attemptsOf({ done, failed }: Told): Attempt[] {
  return [...done.flatMap(({ attempts }) => attempts), ...(failed?.details.attempts ?? [])];
}

function endedOutside(step: string, error: unknown): Error {
  const { message } = describeFailure(error);
  const hint = "If nobody ended it on purpose, read the worker's log. A retry begins where it was.";
  return fail("UNEXPECTED", `the child workflow that did ${step} was ended from outside: ${message}`, hint);
}
