import { fail } from "../failures.ts";
import type { Pause } from "../report/people.ts";
import type { RunRecord } from "../report/record.ts";
import { checkPerson, type PauseRequest } from "./messages.ts";

/** Pauses of the whole run: steps that run go on to their end, and no further one begins. */
export function createPauses(record: RunRecord, now: () => string, show: () => void) {
  const current = () => record.pauses.findLast(({ ended }) => ended === null);

  function checkPause(input: unknown): void {
    checkPerson("pause", input);
    const pause = current();
    if (pause !== undefined)
      throw fail("REQUEST_INVALID", `the run is paused already, by ${pause.by} since ${pause.at}: ${pause.reason}`);
    if (record.status === "closing") throw fail("REQUEST_INVALID", "the run is cleaning up, which is not paused");
  }

  function checkUnpause(input: unknown): void {
    checkPerson("unpause", input);
    if (current() === undefined) throw fail("REQUEST_INVALID", "the run is not paused");
  }

  function pause({ by, reason }: PauseRequest): Pause {
    const pause: Pause = { by, reason, at: now(), ended: null };
    record.pauses.push(pause);
    show();
    return pause;
  }

  function unpause({ by, reason }: PauseRequest): Pause {
    const pause = current()!;
    pause.ended = { by, reason, at: now() };
    show();
    return pause;
  }

  /** A signal has nobody to answer to: one that does not fit is told of in the record. */
  const bySignal =
    (check: (input: unknown) => void, act: (request: PauseRequest) => Pause) =>
    (request: PauseRequest): void => {
      try {
        check(request);
        act(request);
      } catch (error) {
        record.ignoredDecisions.push({ at: now(), why: (error as Error).message });
        show();
      }
    };

  return {
    isPaused: () => current() !== undefined,
    checkPause,
    checkUnpause,
    pause,
    unpause,
    pauseBySignal: bySignal(checkPause, pause),
    unpauseBySignal: bySignal(checkUnpause, unpause),
  };
}
