import { CancellationScope, condition, isCancellation, patched } from "@temporalio/workflow";
import { describeFailure } from "../failures.ts";
import type { Channel, NoticeEvent } from "../plan/notify-schema.ts";
import { approvalsSoFar } from "../report/approvals.ts";
import type { NoticeFacts, NoticeRecord } from "../report/notices.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import { notify, notifyWhileWaiting } from "./activities.ts";
import type { createPlanInUse } from "./plan-in-use.ts";

/** How long a run that has ended stays open for its last notices. */
const lastNotices = "20 seconds";
/** How long its reminders have to let go. Those of a worker that is gone cannot. */
const lastReminders = "10 seconds";

/**
 * Tells those whom the plan names. Notices go their own way beside the steps: none holds a step up or fails a run, and what
 * cancels the run does not stop them. Where the plan has no `notify:` nothing of this is in the history.
 */
export function createNotices(
  record: RunRecord,
  now: () => string,
  show: () => void,
  plan: ReturnType<typeof createPlanInUse>,
) {
  const open = new Set<NoticeRecord>();
  /** Runs of before have no notices. */
  const channels = () => (plan.notify().length > 0 && patched("notices") ? plan.notify() : []);

  /** Starts to tell all who want to know of it. What is returned ends the reminders. */
  function tell(event: NoticeEvent, step: StepRecord | null): () => void {
    const scopes: CancellationScope[] = [];
    for (const [entry, channel] of channels().entries()) {
      if (!channel.on.includes(event)) continue;
      const facts = factsOf(record, event, now(), step);
      const notice: NoticeRecord = {
        event,
        step: step?.id ?? null,
        kind: channel.kind,
        entry,
        at: facts.at,
        sent: null,
        failed: 0,
        why: null,
      };
      record.notices.push(notice);
      open.add(notice);
      void CancellationScope.nonCancellable(async () => {
        const scope = new CancellationScope();
        scopes.push(scope);
        await scope.run(() => send(channel, facts, notice));
      });
    }
    return () => scopes.forEach((scope) => scope.cancel());
  }

  async function send(channel: Channel, facts: NoticeFacts, notice: NoticeRecord): Promise<void> {
    const id = ["notify", notice.event, notice.step, notice.entry, record.notices.indexOf(notice)];
    const activity = notice.event === "waiting" ? notifyWhileWaiting : notify;
    try {
      const options = {
        activityId: id.filter((part) => part !== null).join("/"),
        summary: `Tell ${channel.kind}: ${notice.event}`,
        taskQueue: plan.host(),
      };
      Object.assign(notice, await activity.executeWithOptions(options, [{ channel, facts }]));
    } catch (error) {
      const why = isCancellation(error)
        ? "it was over before a worker of the host could tell"
        : describeFailure(error).message;
      Object.assign(notice, { sent: 0, failed: 1, why });
    }
    open.delete(notice);
    show();
  }

  return {
    start: (): void => void tell("start", null),
    /** Tells that a step waits for a person, and again and again as long as `wait` lasts. */
    async during<T>(step: StepRecord, wait: () => Promise<T>): Promise<T> {
      const stop = tell("waiting", step);
      try {
        return await wait();
      } finally {
        stop();
      }
    },
    /** Tells how the run has ended, and waits a little for all that is still on its way. Also after a cancellation. */
    async end(): Promise<void> {
      if (channels().length === 0) return;
      await CancellationScope.nonCancellable(async () => {
        // One that is on its way would come after the end, and say that the run still waits.
        const reminding = () => [...open].some(({ event }) => event === "waiting");
        if (reminding() && patched("last-reminders")) await condition(() => !reminding(), lastReminders);
        tell("end", null);
        await condition(() => open.size === 0, lastNotices);
        for (const notice of open) notice.why = "not taken before the run ended";
        show();
      });
    },
  };
}

/** Of a step that waits: its failure, or how many have approved. */
function factsOf(record: RunRecord, event: NoticeEvent, at: string, step: StepRecord | null): NoticeFacts {
  const { run, status, verdict, summary, rto, rpo, approvals } = record;
  const failure = step?.failures.at(-1);
  const why =
    failure === undefined ? approvals && approvalsSoFar(approvals, at) : `${failure.type}: ${failure.message}`;
  return {
    event,
    at,
    plan: record.plan.name,
    run,
    status,
    verdict,
    summary,
    rto: { seconds: rto.seconds, objectiveSeconds: rto.objectiveSeconds },
    rpo,
    waiting: step && { step: step.id, why: why ?? "", hint: failure?.hint ?? "Approve it, or give it up." },
  };
}
