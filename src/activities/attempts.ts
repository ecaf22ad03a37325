import { log } from "@temporalio/activity";
import { stat, utimes } from "node:fs/promises";
import { readJson, writeAtomically } from "./files.ts";
import type { NotedAttempt } from "./run-directory.ts";
import { type Ear, listen, type Silence, type SilentServer } from "./unanswered.ts";
import type { Attempt } from "./verbs.ts";

export type Attempts = Awaited<ReturnType<typeof openAttempts>>;

/** Of a server that comes and goes for days; each is a part of the record. */
const mostSilences = 50;

const iso = (ms: number) => new Date(ms).toISOString();

/**
 * The attempts of one try of a step, in a file, so that the attempt after a crash knows of those before. The file's time of
 * change is the last sign of life: to note it costs no write to the disk, of which a step under way needs all.
 */
export async function openAttempts(path: string) {
  const earlier = (await readJson<NotedAttempt[]>(path)) ?? [];
  const before = earlier.at(-1);
  // The clock of a file system is a little behind.
  if (before?.outcome === "died")
    before.endedAt = iso(Math.max(Date.parse(before.startedAt), (await stat(path)).mtimeMs));
  const now = new Date().toISOString();
  const current: NotedAttempt = { startedAt: now, endedAt: now, outcome: "died" };
  const silences: Silence[] = [];
  const ears: ReturnType<typeof listen>[] = [];
  let writing = Promise.resolve();
  let isOver = false;
  const keep = async (more: Partial<NotedAttempt> = {}) => {
    const attempt = { ...current, ...(silences.length > 0 && { silences }), ...more };
    await writeAtomically(path, JSON.stringify([...earlier, attempt]));
  };
  // Until it says otherwise it counts as dead: that is what the next attempt finds after a kill -9.
  await keep();

  /** Written down when it begins to count and when it has ended: the worker may die in between. */
  function note(silence: Silence): void {
    if (isOver) return;
    if (!silences.includes(silence)) {
      if (silences.length >= mostSilences) return;
      silences.push(silence);
    }
    writing = writing
      .then(() => keep())
      .catch((error: unknown) => log.warn("cannot note who does not answer", { error: String(error) }));
  }

  return {
    touch() {
      const at = new Date();
      utimes(path, at, at).catch((error: unknown) => log.warn("cannot note a sign of life", { error: String(error) }));
    },
    /** Notes when a server does not answer. */
    earFor(by: SilentServer): Ear {
      let open: Silence | undefined;
      const ear = listen((from, to) => {
        const silence = (open ??= { by, from: iso(from), to: null });
        silence.to = to === null ? null : iso(to);
        if (to !== null) open = undefined;
        note(silence);
      });
      ears.push(ear);
      return ear;
    },
    /** @param result what the step returns, where it ran to its end */
    async end(outcome: Attempt["outcome"], result?: unknown): Promise<Attempt[]> {
      const now = Date.now();
      for (const ear of ears) ear.over(now);
      isOver = true;
      await writing;
      Object.assign(current, { endedAt: iso(now), outcome });
      await keep({ result });
      return [...earlier, { ...current, silences }].map(told);
    },
  };
}

/** As the record has it. What did not answer when the worker died did not until then. */
function told({ startedAt, endedAt, outcome, silences = [] }: NotedAttempt): Attempt {
  const unanswered = silences.map(({ by, from, to }) => ({ by, from, to: to ?? endedAt }));
  return { startedAt, endedAt, outcome, ...(unanswered.length > 0 && { unanswered }) };
}
