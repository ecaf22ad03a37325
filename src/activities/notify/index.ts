import { activityInfo, cancellationDetails, cancellationSignal, heartbeat } from "@temporalio/activity";
import { CancelledFailure } from "@temporalio/common";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config.ts";
import type { Channel } from "../../plan/notify-schema.ts";
import type { NoticeFacts, NoticeRecord } from "../../report/notices.ts";
import { messageOf } from "./message.ts";
import { persist } from "./persist.ts";
import { send } from "./send.ts";

/** What the next attempt has to know of this one. */
interface Told extends Pick<NoticeRecord, "failed" | "why"> {
  sent: number;
  /** Number of the message that comes next: 0 is the first word, then come the reminders. */
  next: number;
}

const signOfLifeMs = 2_000;
/** A timer of Node's cannot wait for a month. */
const longestSleepMs = 86_400_000;

/**
 * Tells one entry of the plan's `notify:` of one event. While a run waits it stays and sends the reminders, so that waiting
 * costs no history. When each is due is reckoned from the beginning of the waiting; a worker that takes over later sends
 * one in place of all that were missed. What cannot be said is in the result: nothing here fails a run.
 * @throws CancelledFailure when this attempt ends early and another one may go on
 */
export async function notify(
  { ui }: Config,
  { channel, facts }: { channel: Channel; facts: NoticeFacts },
): Promise<Pick<NoticeRecord, "sent" | "failed" | "why">> {
  const { heartbeatDetails, workflowNamespace: namespace } = activityInfo();
  const signal = cancellationSignal();
  const told = (heartbeatDetails as Told | undefined) ?? { sent: 0, failed: 0, why: null, next: 0 };
  const timer = setInterval(() => heartbeat(told), signOfLifeMs);
  try {
    while (told.next === 0 || facts.event === "waiting") {
      await untilDue(facts, channel, told, signal);
      const number = told.next;
      const compose = () => messageOf(facts, number, { ui, namespace: namespace ?? "default", now: new Date() });
      const why = await persist(() => send(channel, facts, number, compose, signal), signal);
      if (why === undefined) told.sent += 1;
      else Object.assign(told, { failed: told.failed + 1, why });
      told.next += 1;
      heartbeat(told);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    // A person has answered, or the run has ended: there is nothing to be reminded of any more.
    if (cancellationDetails()?.cancelRequested !== true) throw new CancelledFailure("CANCELLED");
  } finally {
    clearInterval(timer);
  }
  const { sent, failed, why, next } = told;
  return { sent, failed, why: next === 0 ? "it was over before it could be told" : why };
}

/** Waits for the moment of the next message, and leaves out those whose moment is long gone. */
async function untilDue({ at }: NoticeFacts, { reminders }: Channel, told: Told, signal: AbortSignal): Promise<void> {
  if (told.next === 0) return;
  const passed = () => Date.now() - Date.parse(at);
  told.next = Math.max(told.next, Math.floor(passed() / reminders));
  for (let left = told.next * reminders - passed(); left > 0; left = told.next * reminders - passed())
    await sleep(Math.min(left, longestSleepMs), undefined, { signal });
}
