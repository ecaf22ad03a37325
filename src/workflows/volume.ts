import {
  type ActivityOptions,
  defineSignal,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";
import type { Done, RunRef } from "../activities/verbs.ts";
import { describeFailure } from "../failures.ts";
import { visible } from "../report/safe-text.ts";
import { on } from "./activities.ts";
import { createClock } from "./clock.ts";
import { detailsOf } from "./journal.ts";
import type { Known, Stretch, StretchVerb, Told } from "./stretch.ts";

/** Asks to end after the step that is being done: the run was paused. */
export const holdSignal = defineSignal("hold");

/**
 * Does some steps of one volume of many, one after the other, and tells their run what each gave. It decides nothing: it ends at
 * the first that fails, and the run asks people. Started by a run as its child, it ends with that run, however that ends.
 */
export async function volume(stretch: Stretch): Promise<Told> {
  const { host, steps, run } = stretch;
  const known = { ...stretch.known };
  const told: Told = { done: [], failed: null };
  const clock = createClock();
  let holding = false;
  setHandler(holdSignal, () => void (holding = true), { description: "End after the step that is being done" });
  const { workflowId, runId } = workflowInfo().parent ?? workflowInfo();
  for (const { id, verb, title, tryNo } of steps) {
    if (holding) break;
    setCurrentDetails(details(stretch, told, id));
    const [startedAt, own] = [clock.now(), Date.now()];
    try {
      const options = { activityId: id, summary: title, taskQueue: host };
      const done = await doings[verb](stretch, known, options, { ...run, execution: { workflowId, runId }, tryNo });
      clock.passed(startedAt, own, done.attempts);
      if (verb === "backup") known.backup = done.value as Known["backup"];
      if (verb === "restore") known.restored = done.value as Known["restored"];
      told.done.push({ id, startedAt, endedAt: clock.now(), ...done });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const of = detailsOf(error);
      clock.passed(startedAt, own, of.attempts);
      told.failed = { id, startedAt, failure: describeFailure(error), details: of };
      break;
    }
  }
  setCurrentDetails(details(stretch, told));
  return told;
}

type Doing = (
  stretch: Stretch,
  known: Known,
  options: ActivityOptions & { activityId: string },
  run: RunRef,
) => Promise<Done<unknown>>;

/** Each with what it gets of the steps before, as in the run itself. */
const doings: Record<StretchVerb, Doing> = {
  plant: ({ component, access }, _, options, run) =>
    on(component).plant.executeWithOptions(options, [{ component, access, run }]),
  backup: ({ component, access }, _, options, run) =>
    on(component).backup.executeWithOptions(options, [{ component, access, run }]),
  proof: ({ component, access }, { backup }, options, run) =>
    on(component).proveBackup.executeWithOptions(options, [{ component, access, run, backup }]),
  control: ({ component, access }, { backup, toTime }, options, run) =>
    on(component).control.executeWithOptions(options, [{ component, access, run, backup, toTime }]),
  restore: ({ component, access }, { backup, toTime }, options, run) =>
    on(component).restore.executeWithOptions(options, [{ component, access, run, backup, toTime }]),
  verify: ({ component, access }, { backup, restored, toTime }, options, run) =>
    on(component).verify.executeWithOptions(options, [{ component, access, run, backup, restored: restored!, toTime }]),
};

/** What the Temporal UI shows of it. */
function details({ steps }: Stretch, { done, failed }: Told, running?: string): string {
  const marks = steps.map(({ id, title }) => {
    const value = done.find((one) => one.id === id)?.value as { note?: string } | undefined;
    if (value !== undefined) return `- ✅ ${title}${value.note === undefined ? "" : ` — ${value.note}`}`;
    if (failed?.id === id) return `- ✋ ${title}: ${failed.failure.message}. The run waits for a person.`;
    return `- ${id === running ? "⏳" : "▫️"} ${title}`;
  });
  return visible([`${done.length} of ${steps.length} steps done`, "", ...marks].join("\n"));
}
