import type { Stretch } from "../report/record.ts";

/**
 * Servers that a step needs and that do not answer it. Nothing fails because of that, so that the report would show a long step
 * without a reason: here it is noticed.
 */

export type SilentServer = NonNullable<Stretch["by"]>;

/** `to` is null as long as it does not answer. ISO 8601 in UTC. */
export interface Silence {
  by: SilentServer;
  from: string;
  to: string | null;
}

/** Hears of each question to a server whether it was answered. Times are milliseconds since 1970. */
export interface Ear {
  answered: (askedAt: number) => void;
  unanswered: (askedAt: number) => void;
}

/** What is shorter does not explain a step that took long. */
const worthTellingMs = 3_000;
/** Of times in which nobody asks nothing is known. A question is repeated sooner than this. */
const nobodyAsksMs = 10_000;

/**
 * Makes one silence of questions without an answer in a row.
 * @param note told at once of a silence that is long enough, with null as its end, and again when it has ended
 */
export function listen(note: (from: number, to: number | null) => void): Ear & { over: (now: number) => void } {
  let heardAt = -Infinity;
  let silence: { from: number; until: number; told: boolean } | undefined;

  /** Where nobody asked for long after it, the silence lasted to the last question for all that is known. */
  const end = (askedAt: number, now: number) => {
    if (silence === undefined) return;
    const to = askedAt - silence.until > nobodyAsksMs ? silence.until : now;
    if (silence.told || to - silence.from >= worthTellingMs) note(silence.from, to);
    silence = undefined;
  };
  return {
    /** Nobody asks any more. */
    over: (now) => end(now, now),
    answered(askedAt) {
      const now = Date.now();
      end(askedAt, now);
      heardAt = now;
    },
    unanswered(askedAt) {
      const now = Date.now();
      if (silence !== undefined && askedAt - silence.until > nobodyAsksMs) end(askedAt, now);
      // Others may have been answered while this one was waited for.
      silence ??= { from: Math.max(askedAt, heardAt), until: now, told: false };
      silence.until = now;
      if (silence.told || now - silence.from < worthTellingMs) return;
      silence.told = true;
      note(silence.from, null);
    },
  };
}
