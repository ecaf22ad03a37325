import { activityInfo, cancellationDetails, cancellationSignal, heartbeat, log } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { describeFailure, failureTypes, withoutStack } from "../failures.ts";
import { redact, redactTexts } from "../redaction.ts";
import { privateDirectory, readJson, writeAtomically } from "./files.ts";
import { learnSecretVariables } from "./program-environment.ts";
import { fileName, runDirectory } from "./run-directory.ts";
import { takeTurn } from "./turn.ts";
import type { Attempt, Done, RunRef } from "./verbs.ts";

/** What the code of a step gets besides its input. */
export interface StepContext {
  config: Config;
  run: RunRef;
  /** ID of the step, the same as the activity's. */
  step: string;
  /** The run's directory on this host. */
  directory: string;
  signal: AbortSignal;
  /**
   * True when a person cancelled or gave up. Otherwise an attempt that ends early (the worker stops, the server was
   * away too long) leaves its programs running for the next one.
   */
  cancelRequested: () => boolean;
  /** Shows how far it is: in heartbeats, and so in `temporal workflow describe`, the UI and the live view. */
  progress: (text: string) => void;
}

const signOfLifeMs = 500;

/**
 * Makes an activity of a step's code: heartbeats while it runs, remembers its attempts across crashes, and turns every
 * error that is not Temporal's own into a failure without secrets that goes to the gate.
 */
export function stepActivity<I extends { run: RunRef }, T>(
  config: Config,
  code: (input: I, context: StepContext) => Promise<T>,
) {
  return async (input: I): Promise<Done<T>> => {
    const { activityId: step, attempt } = activityInfo();
    const { run } = input;
    const directory = runDirectory(config, run.id);
    const signal = cancellationSignal();
    const show = { text: "", since: new Date().toISOString() };
    const progress = (text: string) => {
      show.text = redact(text);
      heartbeat(show);
    };
    let letGo: (() => Promise<void>) | undefined;
    let attempts: Attempts | undefined;
    const timer = setInterval(() => {
      heartbeat(show);
      attempts?.touch();
    }, signOfLifeMs);
    try {
      letGo = await takeTurn(directory, step, [run.tryNo, attempt], (holder) => {
        progress(`waiting for the attempt before to let go (process ${holder})`);
        signal.throwIfAborted();
      });
      progress("");
      attempts = await openAttempts(join(directory, "attempts"), `${fileName(step)}.${run.tryNo}.json`);
      signal.throwIfAborted();
      await learnSecretVariables(config.plans);
      const cancelRequested = () => cancellationDetails()?.cancelRequested ?? false;
      const value = await code(input, { config, run, step, directory, signal, cancelRequested, progress });
      return { value: redactTexts(value), attempts: await attempts.end("ran") };
    } catch (error) {
      // A disk that takes no note of it must not hide what went wrong.
      const all = (await attempts?.end(signal.aborted ? "died" : "failed").catch(() => undefined)) ?? [];
      if (!signal.aborted) throw cleanFailure(error, all);
      throw error instanceof CancelledFailure ? error : new CancelledFailure("CANCELLED");
    } finally {
      clearInterval(timer);
      await letGo?.();
    }
  };
}

/** Only message, type, hint and attempts leave the worker: causes and stacks may hold secrets and are logged here. */
function cleanFailure(error: unknown, attempts: Attempt[]): ApplicationFailure {
  const text = describeFailure(error);
  if (!(error instanceof ApplicationFailure))
    log.error("unexpected error in a step", { stack: redact((error as Error)?.stack ?? String(error)) });
  const details = error instanceof ApplicationFailure ? (error.details?.[0] as object | undefined) : undefined;
  const hint = text.hint || failureTypes.UNEXPECTED.hint;
  return withoutStack(
    ApplicationFailure.nonRetryable(redact(text.message), text.type, {
      ...redactTexts(details),
      hint: redact(hint),
      attempts,
    }),
  );
}

type Attempts = Awaited<ReturnType<typeof openAttempts>>;

/** The attempts of one try of a step, in a file, so that the attempt after a crash knows of those before. */
async function openAttempts(directory: string, name: string) {
  await mkdir(directory, { recursive: true, mode: privateDirectory });
  const path = join(directory, name);
  const earlier = (await readJson<Attempt[]>(path)) ?? [];
  const now = new Date().toISOString();
  const current: Attempt = { startedAt: now, endedAt: now, outcome: "died" };
  const all = [...earlier, current];
  // Until it says otherwise it counts as dead: that is what the next attempt finds after a kill -9.
  let writing = writeAtomically(path, JSON.stringify(all));
  await writing;
  return {
    touch() {
      current.endedAt = new Date().toISOString();
      writing = writing
        .then(() => writeAtomically(path, JSON.stringify(all)))
        .catch((error: unknown) => log.warn("cannot note a sign of life", { error: String(error) }));
    },
    async end(outcome: Attempt["outcome"]): Promise<Attempt[]> {
      await writing;
      Object.assign(current, { endedAt: new Date().toISOString(), outcome });
      await writeAtomically(path, JSON.stringify(all));
      return all;
    },
  };
}
