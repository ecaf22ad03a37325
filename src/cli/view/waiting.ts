import chalk from "chalk";
import { recoveryText } from "../../plan/recovery.ts";
import { approvalsSoFar } from "../../report/approvals.ts";
import { seconds } from "../../report/format.ts";
import type { RunRecord, StepRecord } from "../../report/record.ts";
import { shellWord } from "../../report/safe-text.ts";
import { actionsOf } from "../answering.ts";
import { programName } from "../program-name.ts";
import { wrap } from "./text.ts";

/** The commands that answer a step that waits, word by word: this failure of it, and no later one. */
function commands({ run, plan }: RunRecord, step: StepRecord): string[][] {
  const { id, phase, failures } = step;
  const name = shellWord(run.workflowId);
  if (phase === "approve")
    return [
      [programName, "approve", name, `--plan-sha256 ${plan.sha256.slice(0, 16)}`, '--reason "…"'],
      [programName, "abort", name, id, '--reason "…"'],
    ];
  const failure = `--failure ${failures.length}`;
  return actionsOf(step).map((action) => [programName, action, name, id, failure, '--reason "…"']);
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

function approvalLines(record: RunRecord, step: StepRecord, now: number, columns: number, full: boolean): string[] {
  const { approvals, run } = record;
  if (approvals === null) return [];
  const how = step.startedAt === null ? "" : ` for ${seconds(Math.floor((now - Date.parse(step.startedAt)) / 1000))}`;
  const whom = approvals.from === null ? `anybody but ${run.by}` : approvals.from.join(", ");
  const text = `${approvalsSoFar(approvals, new Date(now).toISOString())}; asked are ${whom}`;
  return [
    "",
    chalk.yellow.bold(wrap(`! ${step.id} waits for approvals${how}`, columns, 1)[0]!),
    ...wrap(text, columns - 2, full ? 4 : 1).map((line) => `  ${line}`),
    ...commands(record, step).flatMap((words) => typed(words, columns).map((line) => chalk.cyan(line))),
  ];
}

function pauseLines(
  { pauses, run, status, endedAt }: RunRecord,
  now: number,
  columns: number,
  full: boolean,
): string[] {
  const pause = pauses.findLast(({ ended }) => ended === null);
  if (pause === undefined || status === "closing" || endedAt !== null) return [];
  const how = seconds(Math.floor((now - Date.parse(pause.at)) / 1000));
  const unpause = [programName, "unpause", shellWord(run.workflowId), '--reason "…"'];
  return [
    "",
    chalk.yellow.bold(wrap(`! paused by ${pause.by} for ${how}: no further step begins`, columns, 1)[0]!),
    ...wrap(pause.reason, columns - 2, full ? 4 : 1).map((line) => `  ${line}`),
    ...typed(unpause, columns).map((line) => chalk.cyan(line)),
  ];
}

/** How the world is meanwhile, and what an answer does. */
function recoveryLines(step: StepRecord, record: RunRecord, width: number): string[] {
  const text = recoveryText(step, record);
  return text === "" ? [] : wrap(text, width, 6).map((line) => `  ${chalk.dim(line)}`);
}

/** What happened, what to do, what to type. */
export function waitingLines(record: RunRecord, now: number, columns: number, full: boolean): string[] {
  const ofSteps = record.steps
    .filter(({ status }) => status === "waiting")
    .flatMap((step) => {
      if (step.phase === "approve") return approvalLines(record, step, now, columns, full);
      const failure = step.failures.at(-1);
      const how = failure === undefined ? "" : ` for ${seconds(Math.floor((now - Date.parse(failure.at)) / 1000))}`;
      const width = columns - 2;
      const most = full ? 4 : 1;
      return [
        "",
        chalk.yellow.bold(wrap(`! ${step.id} waits for a person${how}`, columns, 1)[0]!),
        ...wrap(failure?.message ?? "", width, most).map((line) => `  ${chalk.red(line)}`),
        ...wrap(failure?.hint ?? "", width, most).map((line) => `  ${line}`),
        ...(full ? recoveryLines(step, record, width) : []),
        ...commands(record, step).flatMap((words) => typed(words, columns).map((line) => chalk.cyan(line))),
      ];
    });
  return [...pauseLines(record, now, columns, full), ...ofSteps];
}
