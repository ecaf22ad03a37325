import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import type { HttpCheck } from "../../plan/cluster-parts.ts";
import type { Mirror } from "../kubernetes/mirror.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import { askHttp } from "./http-check.ts";

/** What is waited for while something comes back. */
export interface Goal {
  /** To stand behind "waited for". */
  what: string;
  /** What is ready must still be so after this, or it was not. */
  settleMs: number;
  /** Asks elsewhere, once all is there in the cluster: what is missing yet, undefined where nothing is. */
  missing: () => Promise<string | undefined>;
}

interface Telling {
  progress: () => string;
  /** Why it is not back, as far as somebody has found out, to stand behind the progress. */
  cause: () => string;
  context: Pick<StepContext, "signal" | "progress">;
}

/** All is back, and answers from outside. */
export function answering(what: string, checks: HttpCheck[], { signal }: Pick<StepContext, "signal">): Goal {
  return {
    what,
    settleMs: 1_000,
    async missing() {
      const answers = await Promise.all(checks.map((check) => askHttp(check, signal)));
      const silent = answers.findIndex(({ ok }) => !ok);
      if (silent === -1) return undefined;
      return `all objects are back, but ${checks[silent]!.url} does not answer: ${answers[silent]!.found}`;
    },
  };
}

/**
 * Waits until all is back, is still so a moment later, and nothing is missing elsewhere.
 * @param look true when all is there and ready
 * @throws TIMED_OUT when it takes too long, or stands still
 */
export async function waitUntilBack(
  watched: Mirror,
  look: () => true | undefined,
  { within, standstill }: { within: number; standstill: number },
  { what, settleMs, missing, progress, cause, context }: Goal & Telling,
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const left = within - (performance.now() - startedAt);
    await waitUntil(watched, look, {
      what,
      withinMs: Math.max(1, left),
      stallMs: standstill,
      progressKey: progress,
      onProgress: (text) => context.progress(`${text}${cause()}`),
    });
    await sleep(settleMs, undefined, { signal: context.signal });
    if (look() === undefined) continue;
    const still = await missing();
    if (still === undefined) return;
    context.progress(still);
    if (performance.now() - startedAt > within) throw fail("TIMED_OUT", still);
  }
}
