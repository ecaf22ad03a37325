import chalk from "chalk";
import type { RunRecord } from "../../report/record.ts";
import { type Answering, answerable, offered } from "../answering.ts";
import { cut, wrap } from "./text.ts";

const verbs = { retry: "do it again", skip: "go on without it", abort: "give the run up" };

/** The last lines of the view: which keys answer, and what was typed so far. */
export function answeringLines(state: Answering, record: RunRecord, columns: number): string[] {
  const line = (text: string, ...more: string[]) => ["", chalk.bold(cut(text, columns)), ...more];
  const legend = offered(record).map(({ key, action }) => `${key} ${action}`);
  const open = legend.length === 0 ? [] : [cut(`Answer here: ${legend.join(" · ")}`, columns)];
  if (state.stage === "idle") return open.length === 0 ? [] : ["", ...open];
  if (state.stage === "told") {
    const paint = state.good ? chalk.green : chalk.red;
    const message = wrap(state.message, columns, 2).map((part) => paint(part));
    const hint = wrap(state.hint ?? "", columns, 2).filter((part) => part !== "");
    return ["", ...message, ...hint, ...(state.good ? open : [chalk.dim(cut("Enter goes on", columns))])];
  }
  const dim = (text: string) => chalk.dim(cut(text, columns));
  const escape = "Esc answers nothing";
  if (state.stage === "step") {
    // Digits go up to 9; further steps have their turn when these are answered.
    const steps = answerable(record, state.action).slice(0, 9);
    const numbered = steps.map(({ id }, n) => cut(`  ${n + 1} ${id}`, columns));
    return line(`${state.action}: which step? Type its number`, ...numbered, dim(escape));
  }
  const { action, step } = state.answer;
  const head = `${action} ${step} (${verbs[action]})`;
  if (state.stage === "reason")
    return line(`${head}: why?`, typing(state.reason, columns), dim(`Enter goes on · ${escape}`));
  const reason = wrap(`because: ${state.reason}`, columns - 2, 2).map((part) => `  ${part}`);
  if (state.stage === "sending") return line(head, ...reason, dim("telling the run …"));
  return line(`${head}?`, ...reason, cut(`y sends it · ${escape}`, columns));
}

/** The end of what is typed stays in view. */
function typing(text: string, columns: number): string {
  const room = columns - 4;
  return `> ${text.length > room ? `…${text.slice(1 - room)}` : text}${chalk.inverse(" ")}`;
}
