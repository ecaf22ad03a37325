import { activityInfo, cancellationDetails, cancellationSignal, heartbeat, log } from "@temporalio/activity";
import type { Client } from "@temporalio/client";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { Config } from "../config.ts";
import type { Claim, Unlocked } from "../guard/facts.ts";
import { describeFailure, failureTypes, withoutStack } from "../failures.ts";
import { redact, redactTexts } from "../redaction.ts";
import { listenToTemporal } from "../temporal/pulse.ts";
import { untilAnswered } from "../temporal/until-answered.ts";
import { type Attempts, openAttempts } from "./attempts.ts";
import { heldByOthers, lostLocks } from "./locks/held.ts";
import { learnSecretVariables } from "./program-environment.ts";
import { attemptsFile, runDirectory } from "./run-directory.ts";
import { isClosedTo, takeTurn } from "./turn.ts";
import type { Ear } from "./unanswered.ts";
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
  /** One for each cluster that the step works in: when its API server does not answer, the record tells it. Missing without a record. */
  ear?: () => Ear;
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
    let stopListening: (() => void) | undefined;
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
      const noted = (attempts = await openAttempts(attemptsFile(directory, step, run.tryNo)));
      stopListening = listenToTemporal(client, noted.earFor("Temporal server"));
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
        ear: () => noted.earFor("API server"),
      });
      const result = redactTexts(value);
      return { value: result, attempts: await noted.end("ran", result) };
    } catch (error) {
      // A disk that takes no note of it must not hide what went wrong.
      const all = (await attempts?.end(signal.aborted ? "died" : "failed").catch(() => undefined)) ?? [];
      if (!signal.aborted && !(error instanceof CancelledFailure)) throw cleanFailure(error, all);
      throw error instanceof CancelledFailure ? error : new CancelledFailure("CANCELLED");
    } finally {
      clearInterval(timer);
      stopListening?.();
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
