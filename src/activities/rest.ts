import { setTimeout as sleep } from "node:timers/promises";

/** Waits for so many milliseconds, or until the signal ends it early: whoever rests looks at the signal next. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
