import chalk from "chalk";
import { saysScenario } from "../plan/outline.ts";
import { seconds } from "../report/format.ts";
import type { RunRecord, StepRecord } from "../report/record.ts";
import { visible } from "../report/safe-text.ts";
import { answeringLines } from "./view/answering.ts";
import { withChildren } from "./view/children.ts";
import { eta } from "./view/eta.ts";
import { phaseBlocks } from "./view/phases.ts";
import type { Scene, Size } from "./view/scene.ts";
import { cut, spread } from "./view/text.ts";
import { troubleLines } from "./view/trouble.ts";
import { waitingLines } from "./view/waiting.ts";
import { elapsed } from "./view/step.ts";

/** Record and progress -> the lines of the live view. Pure, but for the colours of the terminal. */

const names: Record<RunRecord["run"]["type"], string> = {
  exercise: "Exercise",
  restore: "Restore",
  backup: "Backup",
  audit: "Audit",
};

function header({ record, now }: Scene, columns: number): string[] {
  const { run, plan } = record;
  const left = record.endedAt === null ? eta(record, now) : null;
  const remaining = left === null ? "" : ` · ${left.partly ? "over " : ""}${seconds(Math.ceil(left.seconds))} to go`;
  const time = `${seconds(Math.floor(elapsed(record, now)))}${remaining}`;
  const aim = saysScenario(run.type, run.scenario)
    ? ` · scenario ${run.scenario}`
    : run.toTime === null
      ? ""
      : ` to ${run.toTime}`;
  const line = spread(`${names[run.type]} ${plan.name}${aim}`, time, columns);
  return [
    chalk.bold(line.left) + line.right,
    chalk.dim(cut(`${run.workflowId}, by ${run.by}: ${run.reason}`, columns)),
  ];
}

/** Wider lines are hard to follow with the eye. */
const widest = 150;

function groupByPhase(steps: StepRecord[]): StepRecord[][] {
  return [...Map.groupBy(steps, ({ phase }) => phase).values()];
}

/** At most `size.rows` lines, each at most `size.columns` wide; the less said of what is over or to come, the smaller. */
export function viewLines(seen: Scene, { columns, rows }: Size): string[] {
  const scene = { ...seen, record: visible(withChildren(seen.record, seen.progress)) };
  const size = { columns: Math.min(columns, widest), rows };
  const { answering } = seen;
  const keys = answering === null ? [] : answeringLines(visible(answering), scene.record, size.columns);
  const top = [...header(scene, size.columns), ...troubleLines(scene.trouble, scene.now, size.columns)];
  const phases = groupByPhase(scene.record.steps);
  const room = (bottom: string[]) => size.rows - top.length - bottom.length - keys.length;
  const full = waitingLines(scene.record, scene.now, size.columns, true);
  const least = phases.length + 3;
  const bottom = room(full) >= least ? full : waitingLines(scene.record, scene.now, size.columns, false);
  const middle = phaseBlocks(phases, scene, { columns: size.columns, rows: Math.max(1, room(bottom)) });
  // What a person is typing must be seen, whatever else there is to say.
  return [...[...top, ...middle, ...bottom].slice(0, Math.max(0, size.rows - keys.length)), ...keys];
}
