import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Rule } from "../hook/rules.ts";
import type { RunRecord, RunType } from "../../src/report/record.ts";
import { type Drill, programsOf } from "../support/drill.ts";
import { noteRow, rowsOfRun } from "../support/matrix.ts";

/** A point at which a worker is held, as in Hooks.hold. */
export type Point = Omit<Rule, "id" | "hold" | "replace">;
export type DrillRun = Awaited<ReturnType<Drill["start"]>>;

/** One thing that is broken on purpose in a drill that would pass otherwise. */
export interface Sabotage {
  name: string;
  /** Where the worker stands still while the harm is done; absent when `before` has done all of it. */
  when?: Point;
  /** The real means, in one sentence. */
  how: string;
  /** Done before the run starts. */
  before?(drill: Drill): Promise<unknown>;
  does?(drill: Drill, run: DrillRun): Promise<unknown>;
  /** What the run is asked for; an exercise of scenario `database` otherwise. */
  start?: { type?: RunType; more?: object };
  /** What a person puts right before the first answer. */
  mend?(drill: Drill): Promise<unknown>;
  /** What a person answers to the first step that waits; `abort` otherwise, and to all that wait after it. */
  answer?: "retry" | "skip";
  expects: {
    /** `refused`: a guard refused, or the run did not begin at all. */
    verdict: "FAIL" | "INCONCLUSIVE" | "refused";
    /** What a person must be able to read in the summary, the diagnosis or the refusals. */
    says: RegExp;
    /** The live target must be the very one that it was. */
    untouched?: true;
    /** The report cannot be written, because that is what was broken. */
    noReport?: true;
  };
  /** Takes back what the stage's own `reset` cannot; called whatever the run did. */
  undo?(drill: Drill): Promise<unknown>;
}

/** What a file of sabotages brings along. */
export interface Stage {
  drill: Drill;
  /** Puts plan, configuration, server and backups in order again, whatever the sabotage has left. */
  reset: (drill: Drill) => Promise<void>;
  /** Identity of the live target: the same as long as nobody destroyed it. */
  identity: (drill: Drill) => Promise<string>;
  /** What a run has left and its record does not name. */
  leftBehind: (drill: Drill, record: RunRecord) => Promise<string[]>;
}

/** Makes one test of each row, between two drills without sabotage, which must pass. */
export function sabotages(stage: () => Stage, rows: readonly Sabotage[]): void {
  test("without sabotage the drill passes", () => passes(stage()));
  for (const row of rowsOfRun(rows)) test(row.name, () => play(stage(), row));
  test("without sabotage it still passes afterwards", () => passes(stage()));
}

async function passes({ drill, reset, leftBehind }: Stage): Promise<void> {
  await reset(drill);
  await drill.ensureWorker();
  const record = await (await drill.start()).end();
  expect(record.diagnosis).toEqual([]);
  expect(record.verdict).toBe("PASS");
  expect(await leftBehind(drill, record)).toEqual([]);
}

async function play(stage: Stage, sabotage: Sabotage): Promise<void> {
  const { drill } = stage;
  const { when, start = {}, expects } = sabotage;
  await stage.reset(drill);
  try {
    await sabotage.before?.(drill);
    await drill.ensureWorker();
    const was = await stage.identity(drill);
    const hold = when && (await drill.hooks.hold(when));
    const run = await drill.start(start.type, start.more);
    if (hold !== undefined) {
      await hold.reached();
      await sabotage.does?.(drill, run);
      await hold.release();
    }
    const { record, waited, ending } = await endOf(run, sabotage.answer ?? "abort", () => sabotage.mend?.(drill));
    const verdict = record.verdict === null || record.status === "refused" ? "refused" : record.verdict;
    const words = [
      ending,
      record.summary,
      ...record.diagnosis.map(({ object, cause, hint }) => `${object}: ${cause}. ${hint}`),
    ];
    expect(verdict, words.join("\n")).toBe(expects.verdict);
    expect(words.join("\n")).toMatch(expects.says);
    for (const one of record.diagnosis) expect(one.hint, one.cause).not.toBe("");
    if (expects.untouched) expect(await stage.identity(drill), "the target was destroyed").toBe(was);
    if (!expects.noReport && record.verdict !== null) expect(await verdictOnDisk(record)).toBe(record.verdict);
    expect(await stage.leftBehind(drill, record)).toEqual([]);
    expect(await programsOf(drill.directory)).toEqual([]);
    const cause = record.diagnosis.map((one) => one.cause).find((one) => expects.says.test(one));
    await noteRow({
      sabotage: sabotage.name,
      when: when === undefined ? "before the run" : describe(when),
      means: sabotage.how,
      verdict: `${verdict}${waited === "" ? "" : `, after a person was asked at ${waited}`}`,
      diagnosis: shorten(cause ?? words.find((one) => expects.says.test(one)) ?? words[0]!),
    });
  } finally {
    await drill.hooks.clear();
    await sabotage.undo?.(drill);
  }
}

/** Waits for the next point of the same run, does something there and lets it go on; call it while the worker is held. */
export async function next(drill: Drill, point: Point, act: () => Promise<unknown>): Promise<void> {
  const hold = await drill.hooks.hold(point);
  void hold.reached().then(async () => {
    await act();
    await hold.release();
  });
}

/** Answers each step that waits, until the run has ended. */
async function endOf(run: DrillRun, answer: "retry" | "skip" | "abort", mend: () => Promise<unknown> | undefined) {
  let waited = "";
  let next = answer;
  for (const deadline = Date.now() + 150_000; Date.now() < deadline; await sleep(100)) {
    const status = (await run.handle.describe()).status.name;
    const record = await run.record();
    if (status !== "RUNNING") return { record, waited, ending: await ending(run) };
    const waiting = record.steps.find((one) => one.status === "waiting");
    if (waiting === undefined) continue;
    if (waited === "") await mend();
    waited = waited === "" ? waiting.id : waited;
    await run.decide(waiting.id, waiting.skippable ? next : next === "skip" ? "abort" : next);
    next = "abort";
  }
  throw new Error(
    `the run did not end: ${JSON.stringify((await run.record()).steps.map(({ id, status }) => [id, status]))}`,
  );
}

/** Message of the failure that ended the workflow, which is all there is of a run that did not begin. */
async function ending(run: DrillRun): Promise<string> {
  return await run.handle.result().then(
    () => "",
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
}

async function verdictOnDisk({ directory }: RunRecord): Promise<unknown> {
  return (JSON.parse(await readFile(join(directory, "report.json"), "utf8")) as RunRecord).verdict;
}

const moments: Record<Point["moment"], string> = {
  "step-begin": "as the step begins",
  "step-end": "after the step",
  connect: "before it connects",
  "sql-begin": "before the statement",
  "sql-end": "after the statement",
  "program-begin": "before the program starts",
  program: "as the program starts",
  "file-begin": "before the file is renamed or removed",
  "file-end": "after the file was renamed or removed",
};

function describe({ moment, step, what }: Point): string {
  const plain = (pattern: string | undefined) =>
    pattern === undefined ? "" : ` ${pattern.replaceAll(/[\^$\\]/g, "")}`;
  return `${moments[moment]}:${plain(step)}${plain(what)}`;
}

/** Random parts of names would make each table another one. */
function shorten(text: string): string {
  const plain = text.replaceAll(/\/\S+\//g, "…/").replaceAll(/\s+/g, " ");
  return plain.length <= 160 ? plain : `${plain.slice(0, 159)}…`;
}
