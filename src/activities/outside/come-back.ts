import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../failures.ts";
import type { HttpCheck } from "../../plan/cluster-parts.ts";
import type { Mirror } from "../kubernetes/mirror.ts";
import { waitUntil } from "../kubernetes/wait.ts";
import type { StepContext } from "../step.ts";
import { askHttp } from "./http-check.ts";

/** What is ready must still be so after this, or it was not. */
const settleMs = 1_000;

interface Telling {
  /** To stand behind "waited for". */
  what: string;
  progress: () => string;
  /** Why it is not back, as far as somebody has found out, to stand behind the progress. */
  cause: () => string;
  context: Pick<StepContext, "signal" | "progress">;
}

/**
 * Waits until all is back, is still so a moment later, and answers from outside.
 * @param look true when all is there and ready
 * @throws TIMED_OUT when it takes too long, or stands still
 */
export async function waitUntilBack(
  watched: Mirror,
  look: () => true | undefined,
  { within, standstill, checks }: { within: number; standstill: number; checks: HttpCheck[] },
  { what, progress, cause, context }: Telling,
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
    const answers = await Promise.all(checks.map((check) => askHttp(check, context.signal)));
    const silent = checks[answers.findIndex(({ ok }) => !ok)];
    if (silent === undefined) return;
    context.progress(`all objects are back; ${silent.url} does not answer yet`);
    if (performance.now() - startedAt > within)
      throw fail(
        "TIMED_OUT",
        `all objects are back, but ${silent.url} does not answer: ${answers.find(({ ok }) => !ok)!.found}`,
      );
  }
}
