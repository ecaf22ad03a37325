import chalk from "chalk";
import { fail } from "../../failures.ts";
import { seconds, time } from "../../report/format.ts";
import { visible } from "../../report/safe-text.ts";
import { changes, changeWords, comparedWith } from "../../report/trend.ts";
import { measured, verdictTone } from "../../report/words.ts";
import { print, printJson } from "../console.ts";
import type { PastRun } from "../history.ts";
import { exitCodes } from "../outcome.ts";
import { columns, tonePaints } from "../view/columns.ts";
import { pastRuns } from "./runs.ts";

interface TrendOptions {
  scenario: string;
  limit: number;
  records?: string;
  json?: boolean;
}

/** Shows how RTO and RPO of a plan's exercises went, the oldest first. Throws REQUEST_INVALID when there is none. */
export async function showTrend(plan: string, { scenario, json, ...options }: TrendOptions): Promise<number> {
  const wanted = { ...options, plan, type: "exercise", scenario, ended: true };
  const { limit } = options;
  // More than are shown: the first of those is compared with the ones before it.
  const all = (await pastRuns({ ...wanted, limit: limit + comparedWith })).toReversed();
  // A drill of some components says nothing about one of all.
  const about = (run: PastRun | undefined) => (run?.components ?? []).toSorted().join(" ");
  const alike = all.filter((run) => about(run) === about(all.at(-1)));
  const runs = alike.slice(-limit);
  const shown = <T>(of: T[]) => of.slice(-runs.length);
  if (runs.length === 0)
    throw fail(
      "REQUEST_INVALID",
      `no exercise of plan ${plan}, scenario ${scenario}, has ended`,
      "See all: `firedrill runs`.",
    );
  const rto = shown(changes(alike.map(({ rtoSeconds }) => rtoSeconds ?? null)));
  const rpo = shown(changes(alike.map(({ rpoSeconds }) => rpoSeconds ?? null)));
  if (json === true) printJson(runs.map((run, index) => ({ ...run, rtoChange: rto[index], rpoChange: rpo[index] })));
  else print(lines(visible(runs), rto, rpo).join("\n"));
  return exitCodes.done;
}

const widest = 30;

function lines(runs: PastRun[], rto: (number | null)[], rpo: (number | null)[]): string[] {
  const longest = Math.max(...runs.map(({ rtoSeconds }) => rtoSeconds ?? 0));
  const bar = (n: number | null | undefined) =>
    "█".repeat(n == null ? 0 : Math.max(1, Math.round((n / longest) * widest)));
  const rows = runs.map((run, index) => [
    time(run.startedAt).slice(0, 16),
    run.verdict ?? run.status,
    measured(run.rtoSeconds ?? null),
    changeWords(rto[index]!, "rto"),
    measured(run.rpoSeconds ?? null),
    changeWords(rpo[index]!, "rpo"),
    bar(run.rtoSeconds),
  ]);
  const head = [
    "started (UTC)",
    "verdict",
    "RTO",
    "than before",
    "RPO",
    "than before",
    `RTO, up to ${seconds(longest)}`,
  ];
  return columns([head, ...rows], (cell, column, row) => {
    const { verdict } = runs[row]!;
    const tone = verdict == null ? "open" : verdictTone[verdict];
    return column === 1 || column === 6
      ? tonePaints[tone](cell)
      : column === 3 || column === 5
        ? chalk.dim(cell)
        : cell;
  });
}
