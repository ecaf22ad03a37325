import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure, fail, type FailureType, isFailureType } from "../../failures.ts";
import { redact } from "../../redaction.ts";

/** What it is about; findings are shown by groups, in this order. */
export const groups = ["temporal", "worker", "programs", "secrets", "plan"] as const;

/** What one check of `firedrill doctor` has found. */
export interface Finding {
  group: (typeof groups)[number];
  /** What was looked at. */
  name: string;
  /** `warning`: nothing refuses or fails because of it now. */
  status: "ok" | "warning" | "failed";
  message: string;
  /** What to do; null where all is well. */
  hint: string | null;
  /** Says the exit code of what failed; null otherwise. */
  type: FailureType | null;
}

/** What a check returns when it does not throw: a text when all is well. */
export type Seen = string | { message: string; hint: string };

/** Longer than a dead host takes to be given up by what connects to it, in milliseconds. */
const limitMs = 15_000;

/**
 * Makes a check. What it throws is a finding, and so is that it does not end in time: no check keeps the others waiting.
 * @param look gets a signal that aborts when nobody waits for it any more
 */
export async function find(
  group: Finding["group"],
  name: string,
  look: (signal: AbortSignal) => Seen | Promise<Seen>,
  limit = limitMs,
): Promise<Finding> {
  const giveUp = new AbortController();
  const late = async () => {
    await sleep(limit, undefined, { signal: giveUp.signal });
    throw fail("TIMED_OUT", `no answer in ${limit / 1_000} s`, "Look at what is slow there; then call doctor again.");
  };
  try {
    const seen = await Promise.race([(async () => look(giveUp.signal))(), late()]);
    if (typeof seen === "string") return { group, name, status: "ok", message: redact(seen), hint: null, type: null };
    return { group, name, status: "warning", message: redact(seen.message), hint: redact(seen.hint), type: null };
  } catch (error) {
    return { group, name, ...failed(error) };
  } finally {
    giveUp.abort();
  }
}

function failed(error: unknown): Omit<Finding, "group" | "name"> {
  const { type, message, hint } = describeFailure(error);
  const known = isFailureType(type) ? type : "UNEXPECTED";
  return { status: "failed", message: redact(message), hint: redact(hint), type: known };
}
