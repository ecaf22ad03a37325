import { activityInfo, cancellationDetails, cancellationSignal, heartbeat, log } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { stat, utimes } from "node:fs/promises";
import type { Config } from "../config.ts";
import type { Claim, Unlocked } from "../guard/facts.ts";
import { describeFailure, failureTypes, withoutStack } from "../failures.ts";
import { redact, redactTexts } from "../redaction.ts";
import { readJson, writeAtomically } from "./files.ts";
import { untilAnswered } from "../temporal/until-answered.ts";
import { heldByOthers, lostLocks } from "./locks/held.ts";
import { learnSecretVariables } from "./program-environment.ts";
import { attemptsFile, type NotedAttempt, runDirectory } from "./run-directory.ts";
import { isClosedTo, takeTurn } from "./turn.ts";
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
  /** Targets that this run does not have for itself at this moment: others hold a lock, or its own was ended. */
  unlocked: (claims: Claim[]) => Promise<Unlocked[]>;
  /** Shows how far it is: in heartbeats, and so in `temporal workflow describe`, the UI and the live view. */
  progress: (text: string) => void;
}

const signOfLifeMs = 500;

/**
 * Makes an activity of a step's code: heartbeats while it runs, remembers its attempts across crashes, and turns every
 * error that is not Temporal's own into a failure without secrets that goes to the gate.
 * @param closing whether it belongs to what a run does after it was closed to all other steps
 */
export function stepActivity<I extends { run: RunRef }, T>(
  config: Config,
  client: Client,
  code: (input: I, context: StepContext) => Promise<T>,
  closing: "yes" | "no" = "no",
) {
  return async (input: I): Promise<Done<T>> => {
    const { activityId: step, attempt, workflowExecution } = activityInfo();
    const { run } = input;
    const execution = run.execution ?? workflowExecution!;
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
      if (closing === "no" && (await isClosedTo(directory, execution.runId))) throw new CancelledFailure("CANCELLED");
      progress("");
      attempts = await openAttempts(attemptsFile(directory, step, run.tryNo));
      signal.throwIfAborted();
      await learnSecretVariables(config.plans);
      const cancelRequested = () => cancellationDetails()?.cancelRequested ?? false;
      const value = await code(input, {
        config,
        run,
        step,
        directory,
        signal,
        cancelRequested,
        unlocked: (claims) =>
          untilAnswered(
            async () => [
              ...(await heldByOthers(client, execution, claims)),
              ...(await lostLocks(client, execution, claims)),
            ],
            signal,
            () => progress("waiting for the Temporal server, to ask who works on the target"),
          ),
        progress,
      });
      const result = redactTexts(value);
      return { value: result, attempts: await attempts.end("ran", result) };
    } catch (error) {
      // A disk that takes no note of it must not hide what went wrong.
      const all = (await attempts?.end(signal.aborted ? "died" : "failed").catch(() => undefined)) ?? [];
      if (!signal.aborted && !(error instanceof CancelledFailure)) throw cleanFailure(error, all);
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

/**
 * The attempts of one try of a step, in a file, so that the attempt after a crash knows of those before. The file's time of
 * change is the last sign of life: to note it costs no write to the disk, of which a step under way needs all.
 */
async function openAttempts(path: string) {
  const earlier = (await readJson<NotedAttempt[]>(path)) ?? [];
  const before = earlier.at(-1);
  // The clock of a file system is a little behind.
  if (before?.outcome === "died")
    before.endedAt = new Date(Math.max(Date.parse(before.startedAt), (await stat(path)).mtimeMs)).toISOString();
  const now = new Date().toISOString();
  const current: NotedAttempt = { startedAt: now, endedAt: now, outcome: "died" };
  // Until it says otherwise it counts as dead: that is what the next attempt finds after a kill -9.
  await writeAtomically(path, JSON.stringify([...earlier, current]));
  return {
    touch() {
      const at = new Date();
      utimes(path, at, at).catch((error: unknown) => log.warn("cannot note a sign of life", { error: String(error) }));
    },
    /** @param result what the step returns, where it ran to its end */
    async end(outcome: Attempt["outcome"], result?: unknown): Promise<Attempt[]> {
      Object.assign(current, { endedAt: new Date().toISOString(), outcome });
      await writeAtomically(path, JSON.stringify([...earlier, { ...current, result }]));
      return [...earlier, current].map(({ startedAt, endedAt, outcome: how }) => ({
        startedAt,
        endedAt,
        outcome: how,
      }));
    },
  };
}
