import { condition, workflowInfo } from "@temporalio/workflow";
import type { Decision, RunRecord, StepRecord } from "../report/record.ts";
import { checkDecision, type DecisionRequest } from "./messages.ts";

interface Wait {
  step: StepRecord;
  failureNo: number;
  decision?: Decision;
}

/**
 * Steps that wait for a person, and the answers to them.
 *
 * A worker that answers a query first may learn of a failure before the workflow's own next task tells of it together with
 * the decision. In a replay that decision comes before the failure, because messages of a task go first. So a decision that
 * does not fit yet may still fit later in the same task, and counts the same then.
 */
export function createGate(record: RunRecord, now: () => string, show: () => void) {
  const waits = new Map<string, Wait>();
  /** Signals that fitted nothing when they came, by the length of the history in their task. */
  const early: { request: DecisionRequest; ignored: RunRecord["ignoredDecisions"][number]; task: number }[] = [];

  function listWaiting() {
    return [...waits.values()].flatMap(({ step, failureNo, decision }) =>
      decision === undefined ? [{ step: step.id, failureNo, skippable: step.skippable }] : [],
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

  function decide(request: DecisionRequest) {
    const wait = waits.get(checkDecision(request, listWaiting()).step)!;
    const { action, by, reason } = request;
    wait.decision = { action, by, reason, at: now() };
    wait.step.decisions.push(wait.decision);
    return { step: wait.step.id, action };
  }

  function takeEarlySignal(): void {
    const task = workflowInfo().historyLength;
    const found = early.find((one) => one.task === task && fits(one.request));
    if (found === undefined) return;
    record.ignoredDecisions = record.ignoredDecisions.filter((one) => one !== found.ignored);
    decide(found.request);
  }

  return {
    isOpen: () => waits.size === 0,
    /** @throws REQUEST_INVALID when nothing waits for that decision */
    check: (request: DecisionRequest) => void checkDecision(request, listWaiting()),
    /** An accepted decision fits, now or later in the same task. */
    decideByUpdate: (request: DecisionRequest) =>
      fits(request) ? decide(request) : condition(() => fits(request)).then(() => decide(request)),
    decideBySignal: (request: DecisionRequest): void => {
      try {
        decide(request);
      } catch (error) {
        const ignored = { at: now(), why: (error as Error).message };
        record.ignoredDecisions.push(ignored);
        early.push({ request, ignored, task: workflowInfo().historyLength });
        show();
      }
    },
    /** Lets a failed step wait until somebody decides; what cancels the run ends the waiting, too. */
    wait: async (step: StepRecord): Promise<Decision> => {
      const wait: Wait = { step, failureNo: step.failures.length };
      waits.set(step.id, wait);
      step.status = "waiting";
      const from = now();
      takeEarlySignal();
      show();
      try {
        await condition(() => wait.decision !== undefined);
        return wait.decision!;
      } finally {
        waits.delete(step.id);
        step.stretches.push({ kind: "waited", from, to: now() });
      }
    },
  };
}
