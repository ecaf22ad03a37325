import { log } from "@temporalio/activity";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure } from "../../failures.ts";
import { redact } from "../../redaction.ts";
import type { Trouble } from "./trouble.ts";

/** Between attempts, in milliseconds. */
const pausesMs = [1_000, 3_000, 9_000];
/** However long the other side asks to be left alone. */
const longestPauseMs = 60_000;

/**
 * Tries it a few times.
 * @returns why it was not taken, without secrets; undefined when it was
 * @throws AbortError when the signal comes first
 */
export async function persist(
  attempt: () => Promise<Trouble | undefined>,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const trouble = await attempt().catch(unexpected);
    if (trouble === undefined) return undefined;
    signal.throwIfAborted();
    const pause = pausesMs[tries];
    if (!trouble.again || pause === undefined) return redact(trouble.why);
    await sleep(Math.min(Math.max(pause, trouble.afterMs ?? 0), longestPauseMs), undefined, { signal });
  }
}

/** A secret that is missing, or a defect: neither goes away by itself. */
function unexpected(error: unknown): Trouble {
  const { type, message } = describeFailure(error);
  if (type !== "UNEXPECTED") return { why: message, again: false };
  log.error("unexpected error in a notice", { stack: redact((error as Error)?.stack ?? String(error)) });
  return { why: "unexpected error; the worker's log has it", again: false };
}
