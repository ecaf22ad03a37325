import chalk from "chalk";
import { seconds } from "../../report/format.ts";
import type { RunRecord, StepRecord } from "../../report/record.ts";
import { shellWord } from "../../report/safe-text.ts";
import { programName } from "../program-name.ts";
import { wrap } from "./text.ts";

/** The commands that answer this failure of a step, and no later one, word by word. */
function commands({ run }: RunRecord, { id, skippable, failures }: StepRecord): string[][] {
  const actions = skippable ? ["retry", "skip", "abort"] : ["retry", "abort"];
  const failure = `--failure ${failures.length}`;
  return actions.map((action) => [programName, action, shellWord(run.workflowId), id, failure, '--reason "…"']);
}

/** The same, ready to be typed. */
export function answers(record: RunRecord, step: StepRecord): string[] {
  return commands(record, step).map((words) => words.join(" "));
}

/** A command that is too long goes on in the next lines, so that it can be copied all the same. */
function typed(words: string[], columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? `  ${word}` : `${line} ${word}`;
    const fits = line === "" || longer.length + 2 <= columns;
    if (!fits) lines.push(`${line} \\`);
    line = fits ? longer : `    ${word}`;
  }
  return [...lines, line];
}

/** What happened, what to do, what to type. */
export function waitingLines(record: RunRecord, now: number, columns: number, full: boolean): string[] {
  return record.steps
    .filter(({ status }) => status === "waiting")
    .flatMap((step) => {
      const failure = step.failures.at(-1);
      const how = failure === undefined ? "" : ` for ${seconds(Math.floor((now - Date.parse(failure.at)) / 1000))}`;
      const width = columns - 2;
      const most = full ? 4 : 1;
      return [
        "",
        chalk.yellow.bold(wrap(`! ${step.id} waits for a person${how}`, columns, 1)[0]!),
        ...wrap(failure?.message ?? "", width, most).map((line) => `  ${chalk.red(line)}`),
        ...wrap(failure?.hint ?? "", width, most).map((line) => `  ${line}`),
        ...commands(record, step).flatMap((words) => typed(words, columns).map((line) => chalk.cyan(line))),
      ];
    });
}
