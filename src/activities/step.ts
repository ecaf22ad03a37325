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
  return (input: I): Promise<Done<T>> =>
    inTurn(join(runDirectory(config, input.run.id), activityInfo().activityId), () => attempt(config, code, input));
}

async function attempt<I extends { run: RunRef }, T>(
  config: Config,
  code: (input: I, context: StepContext) => Promise<T>,
  input: I,
): Promise<Done<T>> {
  const info = activityInfo();
  const directory = runDirectory(config, input.run.id);
  const attempts = await Attempts.open(
    join(directory, "attempts"),
    `${fileName(info.activityId)}.${input.run.tryNo}.json`,
  );
  const show = { text: "", since: new Date().toISOString() };
  const timer = setInterval(() => {
    heartbeat(show);
    attempts.touch();
  }, signOfLifeMs);
  const context: StepContext = {
    config,
    run: input.run,
    step: info.activityId,
    directory,
    signal: cancellationSignal(),
    cancelRequested: () => cancellationDetails()?.cancelRequested ?? false,
    progress: (text) => {
      show.text = redact(text);
      heartbeat(show);
    },
  };
  try {
    context.signal.throwIfAborted();
    await learnSecretVariables(config.plans);
    const value = await code(input, context);
    return { value: redactTexts(value), attempts: await attempts.end("ran") };
  } catch (error) {
    if (context.signal.aborted) {
      await attempts.end("died");
      throw error instanceof CancelledFailure ? error : new CancelledFailure("CANCELLED");
    }
    throw cleanFailure(error, await attempts.end("failed"));
  } finally {
    clearInterval(timer);
  }
}

/** What this worker works on, by run and step. */
const working = new Map<string, Promise<void>>();

/**
 * Waits until this worker has let go of the attempt before. The server starts the next one when it has heard nothing for
 * a while, and the two must not do the same work side by side.
 */
async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = working.get(key);
  const { promise, resolve } = Promise.withResolvers<void>();
  working.set(key, promise);
  const timer = setInterval(() => heartbeat({ text: "waiting for the attempt before to let go" }), signOfLifeMs);
  await before;
  clearInterval(timer);
  try {
    return await work();
  } finally {
    if (working.get(key) === promise) working.delete(key);
    resolve();
  }
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

/** The attempts of one try of a step, in a file, so that the attempt after a crash knows of those before. */
const Attempts = {
  async open(directory: string, name: string) {
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
  },
};
