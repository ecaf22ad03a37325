import { ApplicationFailure } from "@temporalio/common";
import { rest } from "../rest.ts";
import type { Ear } from "../unanswered.ts";
import type { Connection, Sent } from "./connection.ts";
import { type Answer, isAboutTrust, isHeld, refused, unreachable } from "./refusal.ts";

/** How long a request is tried. */
export interface Patience {
  signal?: AbortSignal;
  /** All tries of one request together; 0 for a single one. A minute unless told. */
  withinMs?: number;
  /** One try; 30 s unless told. */
  requestMs?: number;
  /** Told why nobody answers, each time before it is tried again. */
  waiting?: (why: string) => void;
  /** Hears of all questions of a connection; only when that is opened. */
  ear?: Ear | undefined;
}

export type Question = Omit<Sent, "signal"> & {
  /** Also what collides with somebody else's change is sent again. */
  retryConflicts?: boolean;
};

/**
 * Sends a request until the API server has an answer to it: connections that break, 5xx and 429 are tried again.
 * @returns any other answer, 404 and other refusals included
 * @throws SYSTEM_UNREACHABLE, AUTHENTICATION_FAILED; the signal's reason
 */
export async function ask(connection: Connection, question: Question, patience: Patience): Promise<Answer> {
  const { signal = never, withinMs = 60_000, requestMs = 30_000, waiting } = patience;
  const deadline = performance.now() + withinMs;
  let renewed = false;
  for (let attempt = 0; ; attempt += 1) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
    const answer = await once(connection, question, limit).catch((error: unknown) => {
      signal.throwIfAborted();
      return failureOf(connection, error);
    });
    if (isAnswer(answer) && answer.status === 401 && !renewed) {
      renewed = true;
      connection.renew();
      continue;
    }
    const again = isAnswer(answer)
      ? (answer.status === 429 && !isHeld(answer)) ||
        answer.status >= 500 ||
        (answer.status === 409 && question.retryConflicts === true)
      : !isAboutTrust(answer);
    const waitMs = Math.max(backoffMs(attempt, 200, 5_000), isAnswer(answer) ? answer.retryAfterMs : 0);
    if (!again || performance.now() + waitMs > deadline) return conclude(connection, answer);
    if (!isAnswer(answer)) waiting?.(answer.message);
    await rest(waitMs, signal);
    signal.throwIfAborted();
  }
}

/** What stands behind an optional signal that was not given. */
const never = new AbortController().signal;

const isAnswer = (answer: Answer | ApplicationFailure): answer is Answer => !(answer instanceof Error);

function conclude(connection: Connection, answer: Answer | ApplicationFailure): Answer {
  if (!isAnswer(answer)) throw answer;
  const { status } = answer;
  if (status === 401 || (status === 429 && !isHeld(answer)) || status >= 500) throw refused(connection.server, answer);
  return answer;
}

async function once(connection: Connection, question: Question, signal: AbortSignal): Promise<Answer> {
  const { statusCode, headers, body } = await connection.send({ ...question, signal });
  const seconds = Number(headers["retry-after"]);
  return { status: statusCode, text: await body.text(), retryAfterMs: seconds > 0 ? seconds * 1000 : 0 };
}

/** @throws what is no failure of the connection: missing credentials, or a defect */
export function failureOf(connection: Connection, error: unknown): ApplicationFailure {
  const failure = error instanceof ApplicationFailure ? undefined : unreachable(connection.server, error);
  if (failure === undefined) throw error;
  return failure;
}

/** Doubles with each attempt up to a limit; between half of that and all of it, so that many do not come at once. */
export function backoffMs(attempt: number, first: number, most: number): number {
  return Math.min(most, first * 2 ** attempt) * (0.5 + Math.random() / 2);
}
