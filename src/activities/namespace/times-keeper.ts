import { rest } from "../rest.ts";
import type { StepContext } from "../step.ts";
import { keepRecovery, type Recovery } from "./memory.ts";

/** A worker that dies loses at most so much of when what came back. */
const everyMs = 500;

/** Writes the times of a recovery to the disk while it goes on, and at last. */
export function createTimesKeeper(
  context: Pick<StepContext, "directory" | "signal">,
  component: string,
  recovery: Recovery,
) {
  let written = JSON.stringify(recovery);
  let writing: Promise<void> | undefined;
  let failure: unknown;

  async function write(): Promise<void> {
    const text = JSON.stringify(recovery);
    if (text === written) return;
    await keepRecovery(context, component, recovery);
    written = text;
  }

  return {
    /** @throws what kept the time before from being written */
    changed(): void {
      if (failure !== undefined) throw failure;
      writing ??= write()
        .then(async () => await rest(everyMs, context.signal))
        .catch((error: unknown) => void (failure = error))
        .finally(() => (writing = undefined));
    },
    async kept(): Promise<void> {
      await writing;
      await write();
    },
  };
}
