import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";

/** A worker that dies loses at most so much of when what came back. */
const everyMs = 500;

/** Writes what changes while a recovery goes on to the disk, and at last. */
export function createTimesKeeper<T>(
  { signal }: Pick<StepContext, "signal">,
  times: T,
  keep: (times: T) => Promise<void>,
) {
  let written = JSON.stringify(times);
  let writing: Promise<void> | undefined;
  let failure: unknown;

  async function write(): Promise<void> {
    const text = JSON.stringify(times);
    if (text === written) return;
    await keep(times);
    written = text;
  }

  return {
    /** @throws what kept the time before from being written */
    changed(): void {
      if (failure !== undefined) throw failure;
      writing ??= write()
        .then(async () => await rest(everyMs, signal))
        .catch((error: unknown) => void (failure = error))
        .finally(() => (writing = undefined));
    },
    async kept(): Promise<void> {
      await writing;
      await write();
    },
  };
}
