import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import type { DrillRun } from "../support/drill.ts";
import { noteRow } from "../support/matrix.ts";
import { componentsOf, planOf, reset, type Stage } from "./stage.ts";

/** One thing that is broken on purpose in the drill of a whole cluster. */
export interface Sabotage {
  name: string;
  /** The real means, in one sentence. */
  how: string;
  /** The step at whose beginning the worker is held while the harm is done; absent when `before` has done all of it. */
  when?: string;
  before?(stage: Stage): Promise<unknown>;
  does?(stage: Stage, run: DrillRun): Promise<unknown>;
  /** Keys of the plan's volume, of its cluster, and of the plan itself. */
  plan?: (stage: Stage) => { volume?: object; cluster?: object; more?: object };
  /** Of the worker. */
  environment?: Record<string, string>;
  configuration?: (stage: Stage) => object;
  /** `refused`: by a guard, before anything was touched. */
  verdict: "FAIL" | "INCONCLUSIVE" | "refused";
  /** Who says it: a guard, the ID of a step, a check ("data: place"), an objective; or how that begins. */
  at: string;
  says: RegExp;
  /** It strikes before the destruction: the old cluster must stand. */
  spared?: true;
  /** What cannot be taken away any more stands in the report. */
  leaves?: true;
  /** Takes back what `reset` cannot. */
  undo?(stage: Stage): Promise<unknown>;
}

export async function play(stage: Stage, row: Sabotage): Promise<void> {
  await reset(stage);
  const before = await stage.uid();
  const { volume = {}, cluster = {}, more = {} } = row.plan?.(stage) ?? {};
  await stage.plan(componentsOf(stage, { volume, cluster }), planOf(stage, more));
  let run: DrillRun | undefined;
  try {
    await row.before?.(stage);
    await stage.work(row.environment, row.configuration?.(stage));
    const hold =
      row.when === undefined ? undefined : await stage.hooks.hold({ moment: "step-begin", step: `^${row.when}$` });
    const startedAt = performance.now();
    run = await stage.start("exercise", { scenario: "cluster" });
    if (hold !== undefined) await strike(stage, row, run, hold);
    await run.handle.result().catch(() => "the record tells of it");
    const record = await run.record();
    await judge(stage, row, record, before);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    await note(row, record, seconds);
  } finally {
    await stage.hooks.clear();
    await giveUp(run);
    await row.undo?.(stage);
  }
}

/** A row that failed must not keep its lock from the next one. */
async function giveUp(run: DrillRun | undefined): Promise<void> {
  const status = (await run?.handle.describe())?.status.name;
  if (status === "RUNNING") await run?.handle.terminate("its row is over");
}

export async function strike(
  stage: Stage,
  row: Pick<Sabotage, "when" | "does">,
  run: DrillRun,
  hold: Awaited<ReturnType<Stage["hooks"]["hold"]>>,
): Promise<void> {
  const ended = run.handle.result().then(
    () => "it has ended",
    (error: Error & { cause?: Error }) => error.cause?.message ?? error.message,
  );
  const early = async () => {
    throw new Error(`the run did not come to ${row.when}: ${await ended}`);
  };
  await Promise.race([hold.reached(240_000), early()]);
  await row.does?.(stage, run);
  await hold.release();
}

async function judge(stage: Stage, row: Sabotage, record: RunRecord, before: string): Promise<void> {
  const told = tellers(record);
  const all = `${record.summary}\n${told.map(({ at, text }) => `${at}: ${text}`).join("\n")}`;
  const verdict = record.status === "refused" ? "refused" : record.verdict;
  expect(verdict, all).toBe(row.verdict);
  expect(record.verdict).not.toBe("PASS");
  const found = told.find(({ at, text }) => at.startsWith(row.at) && row.says.test(text));
  expect(found, all).toBeDefined();
  expect(found!.hint, all).not.toBe("");
  // The report's own words: what is not in there nobody reads.
  for (const one of record.diagnosis) expect(one.hint, one.cause).not.toBe("");
  expect(record.diagnosis.map(({ cause }) => cause).join("\n") || record.summary, all).toMatch(row.says);
  expect(recheck(record).found).toEqual([]);
  expect(await verdictOnDisk(record)).toBe(record.verdict);
  if (row.spared) {
    expect(await stage.uid(), "the old cluster must stand").toBe(before);
    if (!row.leaves) expect(record.leftovers).toEqual([]);
  }
}

interface Told {
  at: string;
  text: string;
  hint: string;
}

/** All that says what is wrong, with what to do. */
function tellers({ refusals, steps, components, diagnosis }: RunRecord): Told[] {
  const checks = components.flatMap(({ name, checks: of }) =>
    of
      .filter(({ passed, proven }) => !passed || !proven)
      .map(({ name: check, title, found, negativeControl }) => {
        const hint = diagnosis.find(({ object }) => object === `${name}: ${title}`)?.hint ?? "";
        return { at: `${name}: ${check}`, text: `${found} ${negativeControl?.found ?? ""}`, hint };
      }),
  );
  return [
    ...refusals.map(({ guard, message, hint }) => ({ at: guard, text: message, hint })),
    ...steps.flatMap(({ id, failures }) => failures.map(({ message, hint }) => ({ at: id, text: message, hint }))),
    ...checks,
    ...diagnosis.map(({ object, cause, hint }) => ({ at: object, text: cause, hint })),
  ];
}

async function verdictOnDisk({ directory }: RunRecord): Promise<unknown> {
  return (JSON.parse(await readFile(join(directory, "report.json"), "utf8")) as RunRecord).verdict;
}

async function note(row: Sabotage, record: RunRecord, seconds: string): Promise<void> {
  const found = tellers(record).find(({ at, text }) => at.startsWith(row.at) && row.says.test(text))!;
  await noteRow({
    sabotage: row.name,
    means: row.how,
    when: row.when === undefined ? "before the run" : `as the step begins: ${row.when}`,
    verdict: `${row.verdict}${row.spared ? ", the cluster stands" : ""}`,
    "said by": row.at,
    words: shorten(found.text),
    "drill took (s)": seconds,
  });
}

/** Names that a run makes up would make each table another one. */
function shorten(text: string): string {
  const plain = text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…")
    .replaceAll(/\/tmp\/\S+\//g, "…/")
    .trim();
  return plain.length <= 170 ? plain : `${plain.slice(0, 169)}…`;
}
