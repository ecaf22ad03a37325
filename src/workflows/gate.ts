import { condition, workflowInfo } from "@temporalio/workflow";
import type { Reload } from "../report/people.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import type { Action, Decision } from "../report/people.ts";
import { type Answer, checkDecision, type DecisionRequest } from "./messages.ts";

interface Wait {
  step: StepRecord;
  failureNo: number;
  actions: Action[];
  decision?: Decision;
}

/**
 * Steps that wait for a person, and the answers to them.
 *
 * A worker that answers a query first may learn of a failure before the workflow's own next task tells of it together with
 * the decision. In a replay that decision comes before the failure, because messages of a task go first. So a decision that
 * does not fit yet may still fit later in the same task, and counts the same then.
 */
export function createGate(
  record: RunRecord,
  now: () => string,
  show: () => void,
  reload: () => Promise<() => Reload>,
  isPaused: () => boolean,
) {
  const waits = new Map<string, Wait>();
  /** Signals that fitted nothing when they came, by the length of the history in their task. */
  const early: { request: DecisionRequest; ignored: RunRecord["ignoredDecisions"][number]; task: number }[] = [];

  function listWaiting() {
    return [...waits.values()].flatMap(({ step, failureNo, actions, decision }) =>
      decision === undefined ? [{ step: step.id, failureNo, actions }] : [],
    );
  }

  function fits(request: DecisionRequest): boolean {
    try {
      checkDecision(request, listWaiting());
      return true;
    } catch {
      return false;
    }
  }

  function decide(request: DecisionRequest, take?: () => Reload): Answer {
    const wait = waits.get(checkDecision(request, listWaiting()).step)!;
    const { action, by, reason } = request;
    const reloaded = take?.();
    wait.decision = { action, by, reason, at: now(), ...(reloaded && { reloaded }) };
    wait.step.decisions.push(wait.decision);
    return { step: wait.step.id, action, ...(reloaded && { reloaded }) };
  }

  /** While the plan is read somebody else may decide: then it is as if it had not been read. */
  const decideReloaded = async (request: DecisionRequest) => decide(request, await reload());

  function ignore(error: unknown): RunRecord["ignoredDecisions"][number] {
    const ignored = { at: now(), why: (error as Error).message };
    record.ignoredDecisions.push(ignored);
    show();
    return ignored;
  }

  function decideWithoutAnswer(request: DecisionRequest): void {
    if (request.reload === true) void decideReloaded(request).catch(ignore);
    else decide(request);
  }

  function takeEarlySignal(): void {
    const task = workflowInfo().historyLength;
    const found = early.find((one) => one.task === task && fits(one.request));
    if (found === undefined) return;
    record.ignoredDecisions = record.ignoredDecisions.filter((one) => one !== found.ignored);
    decideWithoutAnswer(found.request);
  }

  return {
    isOpen: () => waits.size === 0,
    /** @throws REQUEST_INVALID when nothing waits for that decision */
    check: (request: DecisionRequest) => void checkDecision(request, listWaiting()),
    /** An accepted decision fits, now or later in the same task. */
    decideByUpdate: (request: DecisionRequest): Answer | Promise<Answer> => {
      const answer = () => (request.reload === true ? decideReloaded(request) : decide(request));
      return fits(request) ? answer() : condition(() => fits(request)).then(answer);
    },
    decideBySignal: (request: DecisionRequest): void => {
      try {
        checkDecision(request, listWaiting());
        decideWithoutAnswer(request);
      } catch (error) {
        early.push({ request, ignored: ignore(error), task: workflowInfo().historyLength });
      }
    },
    /**
     * Lets a step wait until somebody decides; what cancels the run ends the waiting, too.
     * @param until ends the waiting without a decision, and so does `withinMs`
     * @param paused it waits because the whole run does
     * @returns undefined without a decision
     */
    wait: async (
      step: StepRecord,
      actions: Action[],
      {
        until = () => false,
        withinMs,
        paused = false,
      }: { until?: () => boolean; withinMs?: number | undefined; paused?: boolean } = {},
    ): Promise<Decision | undefined> => {
      const wait: Wait = { step, failureNo: step.failures.length, actions };
      waits.set(step.id, wait);
      step.status = paused ? "paused" : "waiting";
      const from = now();
      takeEarlySignal();
      show();
      try {
        const over = () => wait.decision !== undefined || until();
        if (withinMs === undefined) await condition(over);
        // The time for an answer does not run out while the run is paused: it begins anew.
        else while (!(await condition(over, withinMs)) && isPaused()) await condition(() => over() || !isPaused());
        return wait.decision;
      } finally {
        waits.delete(step.id);
        step.stretches.push({ kind: paused ? "paused" : "waited", from, to: now() });
      }
    },
  };
}
