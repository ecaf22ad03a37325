import { setHandler } from "@temporalio/workflow";
import { fail } from "../failures.ts";
import { approvalsSoFar } from "../report/approvals.ts";
import type { Approval } from "../report/people.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import type { Action, Decision } from "../report/people.ts";
import { checkApproval, createApprovals } from "./approvals.ts";
import { createGate } from "./gate.ts";
import { createNotices } from "./notices.ts";
import {
  approveSignal,
  approveUpdate,
  decideSignal,
  decideUpdate,
  pauseSignal,
  pauseUpdate,
  unpauseSignal,
  unpauseUpdate,
} from "./messages.ts";
import { createPauses } from "./pauses.ts";
import type { createPlanInUse } from "./plan-in-use.ts";

/** The people around a run: their decisions on what failed, and their consent to what is destroyed. Registers all handlers. */
export function createPeople(
  record: RunRecord,
  now: () => string,
  show: () => void,
  plan: ReturnType<typeof createPlanInUse>,
) {
  const pauses = createPauses(record, now, show);
  const gate = createGate(record, now, show, plan.reload, pauses.isPaused);
  const approvals = createApprovals(record, now, show);
  const notices = createNotices(record, now, show, plan);
  setHandler(decideUpdate, gate.decideByUpdate, {
    description: "Answer a failed step: retry, skip or abort",
    validator: gate.check,
  });
  setHandler(decideSignal, gate.decideBySignal, { description: "The same as the update, without an answer" });
  setHandler(approveUpdate, approvals.approveByUpdate, {
    description: "Agree to the destruction: by, reason, and planSha256 of the plan that was read",
    validator: checkApproval,
  });
  setHandler(approveSignal, approvals.approveBySignal, { description: "The same as the update, without an answer" });
  setHandler(pauseUpdate, pauses.pause, {
    description: "Let no further step begin: by, reason",
    validator: pauses.checkPause,
  });
  setHandler(pauseSignal, pauses.pauseBySignal, { description: "The same as the update, without an answer" });
  setHandler(unpauseUpdate, pauses.unpause, {
    description: "Let a paused run go on: by, reason",
    validator: pauses.checkUnpause,
  });
  setHandler(unpauseSignal, pauses.unpauseBySignal, { description: "The same as the update, without an answer" });

  /** The plan's own answer, after a step has waited long enough for a person. */
  function decideForNobody(step: StepRecord): Decision {
    const { within, otherwise } = plan.decisions()!;
    const decision: Decision = {
      action: otherwise === "skip" && step.skippable ? "skip" : "abort",
      by: `plan ${record.plan.name}`,
      reason: `nobody decided within ${within / 1_000} s`,
      at: now(),
    };
    step.decisions.push(decision);
    return decision;
  }

  return {
    notices,
    /** No step waits for anybody. */
    isOpen: gate.isOpen,
    /** Somebody has paused the run. */
    arePausing: pauses.isPaused,
    /** Lets a step wait until the run goes on; undefined then, and a decision when somebody gives it up. */
    waitOutPause: (step: StepRecord): Promise<Decision | undefined> =>
      gate.wait(step, ["abort"], { until: () => !pauses.isPaused(), paused: true }),
    /** Waits for the answer to a failed step. What cancels the run ends the waiting, too. */
    async decide(step: StepRecord): Promise<Decision> {
      const actions: Action[] = step.skippable ? ["retry", "skip", "abort"] : ["retry", "abort"];
      const withinMs = plan.decisions()?.within;
      return (await notices.during(step, () => gate.wait(step, actions, { withinMs }))) ?? decideForNobody(step);
    },
    /** Those that count now. */
    approvals: (): Approval[] => approvals.valid(),
    /**
     * Waits for as many approvals as the plan asks for.
     * @throws ABORTED when somebody gives up, and when too few came in time; the step is then aborted
     */
    async approve(step: StepRecord): Promise<void> {
      const { approvals: wanted } = record;
      if (wanted === null || approvals.areEnough()) return;
      const withinMs = wanted.withinSeconds * 1_000;
      const until = approvals.areEnough;
      const decision = await notices.during(step, () => gate.wait(step, ["abort"], { until, withinMs }));
      if (decision === undefined && approvals.areEnough()) return;
      const at = now();
      const soFar = approvalsSoFar(wanted, at);
      const hint = "Start the run again when the people who may approve have time.";
      if (decision === undefined)
        step.failures.push({ type: "TIMED_OUT", message: `only ${soFar}, and the time for it is over`, hint, at });
      Object.assign(step, { status: "aborted", endedAt: at });
      show();
      throw fail("ABORTED", `${decision?.by ?? "the plan"} gave up at ${step.id}: ${soFar}`);
    },
  };
}
