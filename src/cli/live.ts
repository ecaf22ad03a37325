import type { Client } from "@temporalio/client";
import type { RunRecord } from "../report/record.ts";
import { shellWord, visible } from "../report/safe-text.ts";
import { type AnswerKeys, answerKeys, noKeys } from "./answer-keys.ts";
import { openScreen, type Screen } from "./console.ts";
import { endingOf, failureFrom, hasBegun } from "./ending.ts";
import { asEnded } from "./fetch-record.ts";
import { describeRun, readRecord } from "./observe.ts";
import { leftUnanswered } from "./outcome.ts";
import { programName } from "./program-name.ts";
import { viewLines } from "./view.ts";
import { eventLine, eventLines } from "./view/events.ts";
import type { Scene, Trouble } from "./view/scene.ts";
import { cut } from "./view/text.ts";
import { troubleLines } from "./view/trouble.ts";
import { pause, readDescriptions, readRecords, troubleOf, watchOf, type Watch } from "./watch.ts";

const drawEveryMs = 120;

function drawing(
  { record, progress, handle }: Watch,
  { trouble, answering, frame }: Pick<Scene, "trouble" | "answering" | "frame">,
  screen: Screen,
): string[] {
  const now = Date.now();
  const { columns, rows } = screen.size();
  // The last row and column stay free: a terminal wraps and scrolls when they are written to.
  const room = { columns: columns - 1, rows: rows - 1 };
  if (record !== null) return viewLines({ record, progress, trouble, answering, now, frame }, room);
  const asking = cut(visible(`Run ${handle.workflowId}: asking its worker`), room.columns);
  return [asking, ...troubleLines(trouble, now, room.columns)];
}

async function draw(watch: Watch, screen: Screen, keys: AnswerKeys): Promise<void> {
  let said: string | undefined;
  let frame = 0;
  const show = (trouble: Trouble | null) =>
    screen.draw(drawing(watch, { trouble, answering: keys.look(), frame }, screen));
  keys.onChange = () => show(troubleOf(watch, Date.now()));
  for (; !watch.over.signal.aborted; frame++) {
    const trouble = troubleOf(watch, Date.now());
    if (screen.live) show(trouble);
    else if (trouble !== null && trouble.message !== said) {
      screen.say(eventLine(new Date().toISOString(), "trouble", `${trouble.message}; ${trouble.hint}`));
    }
    said = trouble?.message;
    await pause(watch, drawEveryMs);
  }
}

/** The record after the end: from a worker, from the result, or the last one that was seen. */
async function finalRecord({ client, handle, record }: Watch): Promise<RunRecord> {
  const ended = await describeRun(client, handle);
  const told = (last: RunRecord) => (ended === null ? last : asEnded(last, ended));
  const answer = await readRecord(client, handle);
  if (answer !== null && hasBegun(answer)) return told(answer);
  const { result, failure } = await endingOf(handle);
  const known = (result as RunRecord | null) ?? record;
  if (known !== null && hasBegun(known)) return told(known);
  throw failureFrom(failure);
}

async function showEnd(watch: Watch, screen: Screen): Promise<RunRecord> {
  const before = watch.record;
  const record = await finalRecord(watch);
  watch.record = record;
  watch.progress = new Map();
  if (!screen.live) for (const line of eventLines(before, record)) screen.say(line);
  // Room for the head alone: the verdict below says the rest.
  else {
    const small = { ...screen, size: () => ({ ...screen.size(), rows: 3 }) };
    screen.draw(drawing(watch, { trouble: null, answering: null, frame: 0 }, small));
  }
  return record;
}

function farewell(workflowId: string): string[] {
  const run = shellWord(workflowId);
  return [
    "",
    "You have left the view; the run goes on.",
    `  back to it:  ${programName} status ${run} --watch`,
    `  cancel it:   temporal workflow cancel --workflow-id ${run} --reason "…"`,
  ];
}

/**
 * Shows a run until it has ended: drawn again and again on a terminal, where keys answer a step that waits, and a line an
 * event elsewhere. Ctrl-C leaves the view and never stops the run; the record then has no `endedAt`. Throws the run's own
 * failure when it never had a record, and leftUnanswered.
 */
export async function followRun(options: {
  client: Client;
  workflowId: string;
  runId?: string | undefined;
  out?: NodeJS.WriteStream;
  /** Name of who may answer steps by keys; the user's otherwise. */
  by?: string;
  /** Told of each record that was read; `say` prints a line that stays above the view. */
  onRecord?: (record: RunRecord, say: (line: string) => void) => void;
  /** Leaves the view without a word when it is aborted; Ctrl-C is then the caller's. */
  signal?: AbortSignal;
}): Promise<RunRecord> {
  const { client, workflowId, runId, out = process.stdout, by, onRecord, signal } = options;
  const screen = await openScreen(out);
  const watch = watchOf(client, client.workflow.getHandle(workflowId, runId));
  const keys = screen.live && process.stdin.isTTY ? answerKeys(watch, process.stdin, by) : noKeys;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  watch.over.signal.addEventListener("abort", () => resolve());
  const leave = () => watch.over.abort();
  // Not once(): who restores the cursor counts the listeners, and kills the program when it is the only one left.
  if (signal === undefined) process.on("SIGINT", leave).on("SIGTERM", leave);
  signal?.addEventListener("abort", leave);
  const say = (record: RunRecord) => {
    if (!screen.live) for (const line of eventLines(watch.record, record)) screen.say(line);
    onRecord?.(record, (line) => screen.say(line));
  };
  try {
    // A reader may hang in a call to a server that is away: who leaves does not wait for it.
    await Promise.race([
      over,
      Promise.all([readRecords(watch, say), readDescriptions(watch), draw(watch, screen, keys)]),
    ]);
    keys.close();
    if (watch.closed) return await showEnd(watch, screen);
    screen.close();
    signal?.throwIfAborted();
    for (const line of farewell(workflowId)) screen.say(line);
    if (watch.record !== null) return watch.record;
    throw leftUnanswered;
  } finally {
    leave();
    process.off("SIGINT", leave).off("SIGTERM", leave);
    keys.close();
    screen.close();
  }
}
