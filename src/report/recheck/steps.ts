import type { StepRecord } from "../record.ts";
import { isOfClosing } from "../loss.ts";
import { isApproval, isGivenUpWaiting, isGuards } from "./order.ts";
import type { Difference } from "./differences.ts";

/** What a single step says of itself: status, times, failures and the decisions that answered them. */

/** Clocks are turned by parts of a second while they run. */
const slackMs = 1_000;

type Say = (key: string, stands: unknown, should: unknown) => Difference;

export function checkStep(step: StepRecord): Difference[] {
  const say: Say = (key, stands, should) => ({ path: `steps[${step.id}].${key}`, stands, should });
  return [...begun(step, say), ...ended(step, say), ...answered(step, say), ...counted(step, say), ...timed(step, say)];
}

function begun(step: StepRecord, say: Say): Difference[] {
  const { status, startedAt, endedAt, attempts, failures, decisions, stretches } = step;
  if (status !== "pending")
    return startedAt === null ? [say("startedAt", startedAt, `a time, as it is ${status}`)] : [];
  const nothing = { startedAt: null, endedAt: null, attempts: 0, failures: 0, decisions: 0, stretches: 0 };
  const stands = {
    startedAt,
    endedAt,
    attempts,
    failures: failures.length,
    decisions: decisions.length,
    stretches: stretches.length,
  };
  return Object.entries(nothing).flatMap(([key, should]) => {
    const there = stands[key as keyof typeof nothing];
    return there === should ? [] : [say(key, there, `${String(should)}, as it is pending`)];
  });
}

/** A run that was ended from outside leaves steps that were cancelled and never ended. */
function ended({ status, endedAt }: StepRecord, say: Say): Difference[] {
  const over = status === "done" || status === "skipped" || status === "aborted";
  if (over && endedAt === null) return [say("endedAt", null, `a time, as it is ${status}`)];
  if ((status === "running" || status === "waiting" || status === "paused") && endedAt !== null)
    return [say("endedAt", endedAt, `null, as it is ${status}`)];
  return [];
}

/** Each failure waits for one decision. While a run closes nobody is asked. */
function answered(step: StepRecord, say: Say): Difference[] {
  const { status, failures, decisions, skippable } = step;
  const open = failures.length - decisions.length;
  const last = decisions.at(-1)?.action;
  const wrong: Difference[] = [];
  if (status === "skipped" && !skippable) wrong.push(say("status", status, "anything else: it may not be skipped"));
  const earlier = decisions.slice(0, -1).find(({ action }) => action !== "retry");
  if (earlier !== undefined) wrong.push(say("decisions", earlier.action, "retry, for all but the last"));
  const usual: Partial<Record<StepRecord["status"], string | undefined>> = {
    done: last === undefined ? undefined : "retry",
    running: last === undefined ? undefined : "retry",
    skipped: "skip",
  };
  if (status in usual && last !== usual[status] && !(isOfClosing(step) && status !== "skipped"))
    wrong.push(say("decisions", last, `${String(usual[status])} as the last, as it is ${status}`));
  if (status === "aborted" && !isGuards(step) && open === 0 && last !== "abort")
    wrong.push(say("decisions", last, "abort as the last, as it is aborted"));
  const allowed = openFailures(step);
  if (!allowed.includes(open))
    wrong.push(
      say(
        "failures",
        failures.length,
        `${decisions.length + allowed[0]!}, as many as were answered${allowed[0] === 1 ? " and the one that waits" : ""}`,
      ),
    );
  return wrong;
}

/** How many failures may be without a decision. */
function openFailures(step: StepRecord): number[] {
  if (isGivenUpWaiting(step)) return [-1];
  if (isApproval(step)) return step.status === "aborted" ? [1] : [0];
  if (isOfClosing(step)) return step.status === "waiting" ? [1, 2] : [0, 1, 2];
  if (step.status === "waiting") return [1];
  return step.status === "cancelled" || (step.status === "aborted" && !isGuards(step)) ? [0, 1] : [0];
}

function counted(step: StepRecord, say: Say): Difference[] {
  const { status, attempts, failures, stretches } = step;
  const pieces = stretches.filter(({ kind }) => kind === "ran" || kind === "failed" || kind === "died").length;
  // Each time without an answer cuts an attempt in two.
  const seen = pieces - stretches.filter(({ kind }) => kind === "unanswered").length;
  const least = Math.max(failures.length + (status === "done" ? 1 : 0), seen);
  const wrong: Difference[] = [];
  if (attempts < least) wrong.push(say("attempts", attempts, `${least} or more`));
  if (
    (status === "aborted" || status === "skipped") &&
    failures.length === 0 &&
    !isGuards(step) &&
    !isGivenUpWaiting(step) &&
    !isApproval(step)
  )
    wrong.push(say("failures", 0, `1 or more, as it is ${status}`));
  if (status === "done" && step.component !== null && !stretches.some(({ kind }) => kind === "ran"))
    wrong.push(
      say(
        "stretches",
        stretches.map(({ kind }) => kind),
        "one that ran, as it is done",
      ),
    );
  return wrong;
}

const ms = (iso: string) => Date.parse(iso);

function timed(step: StepRecord, say: Say): Difference[] {
  const { startedAt, endedAt, failures, decisions, stretches } = step;
  const happened = failures.flatMap(({ at }, index) => [
    at,
    ...(decisions[index] === undefined ? [] : [decisions[index].at]),
  ]);
  const points = [startedAt, ...happened, endedAt].filter((at) => at !== null);
  const wrong = points.flatMap((at, index) => {
    const before = points[index - 1];
    if (before === undefined || ms(before) <= ms(at)) return [];
    return [say(index === points.length - 1 && at === endedAt ? "endedAt" : "failures", at, `not before ${before}`)];
  });
  for (const [index, { kind, from, to }] of stretches.entries()) {
    if (ms(from) > ms(to)) wrong.push(say(`stretches[${index}].to`, to, `not before ${from}`));
    if (kind !== "unanswered") continue;
    const [before, after] = [stretches[index - 1], stretches[index + 1]];
    if (before?.kind !== "ran" || before.to !== from)
      wrong.push(say(`stretches[${index}].from`, from, "where work ends"));
    if (after?.from !== to) wrong.push(say(`stretches[${index}].to`, to, "where work goes on"));
  }
  // Who gives up a step that has not failed ends no waiting for a decision.
  const answers = isGivenUpWaiting(step) ? decisions.slice(0, -1) : decisions;
  if (step.component !== null) wrong.push(...waits({ ...step, decisions: answers }, say));
  if (startedAt === null || endedAt === null) return wrong;
  // Stretches are times of the worker's clock, steps of the server's: only durations can be compared.
  const long = stretches.reduce((sum, { from, to }) => sum + ms(to) - ms(from), 0);
  const took = ms(endedAt) - ms(startedAt);
  if (long > took + slackMs)
    wrong.push(say("stretches", `${long / 1_000} s together`, `at most ${took / 1_000} s, what the step took`));
  return wrong;
}

/** A decision ends the stretch of waiting that its failure began. */
function waits({ failures, decisions, stretches }: StepRecord, say: Say): Difference[] {
  const waited = stretches.flatMap((stretch, index) => (stretch.kind === "waited" ? [{ ...stretch, index }] : []));
  return decisions.flatMap(({ at }, number) => {
    const wait = waited[number];
    const since = failures[number]?.at;
    if (wait === undefined) return [say("stretches", `${waited.length} waited`, `${decisions.length}, one a decision`)];
    if (since !== undefined && wait.from !== since) return [say(`stretches[${wait.index}].from`, wait.from, since)];
    return wait.to === at ? [] : [say(`stretches[${wait.index}].to`, wait.to, at)];
  });
}
