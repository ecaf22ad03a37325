import chalk from "chalk";
import { seconds } from "../../report/format.ts";
import type { RunRecord, StepRecord } from "../../report/record.ts";
import { programName } from "../program-name.ts";
import { wrap } from "./text.ts";

/** The commands that answer a step that waits for a person, ready to be typed. */
export function answers(record: RunRecord, step: StepRecord): string[] {
  const actions = step.skippable ? ["retry", "skip", "abort"] : ["retry", "abort"];
  return actions.map((action) => `${programName} ${action} ${record.run.workflowId} ${step.id} --reason "…"`);
}

/** A command that is too long goes on in the next line, so that it can be copied all the same. */
function typed(command: string, columns: number): string[] {
  if (command.length + 2 <= columns) return [`  ${command}`];
  const at = command.lastIndexOf(" ", columns - 4);
  return at < 0 ? [`  ${command}`] : [`  ${command.slice(0, at)} \\`, `    ${command.slice(at + 1)}`];
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
        ...answers(record, step).flatMap((command) => typed(command, columns).map((line) => chalk.cyan(line))),
      ];
    });
}
