import chalk from "chalk";
import { seconds } from "../../report/format.ts";
import type { StepRecord, StepStatus } from "../../report/record.ts";
import { mark, stepLines } from "./step.ts";
import { spread } from "./text.ts";
import type { Scene, Size } from "./scene.ts";

/** Not over. */
const open = new Set<StepStatus>(["pending", "running", "waiting", "paused"]);

/** What a phase is as a whole; the first that fits says it. */
function statusOf(steps: StepRecord[], isOver: boolean): StepStatus {
  const has = (status: StepStatus) => steps.some((step) => step.status === status);
  for (const status of ["waiting", "paused", "running", "aborted", "cancelled"] as const)
    if (has(status)) return status;
  if (!has("pending")) return has("done") ? "done" : "skipped";
  if (!has("done") && !has("skipped")) return "pending";
  return isOver ? "cancelled" : "running";
}

function span(steps: StepRecord[], now: number): string {
  const starts = steps.flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]));
  if (starts.length === 0) return "";
  const ends = steps.flatMap(({ endedAt }) => (endedAt === null ? [] : [Date.parse(endedAt)]));
  const begun = steps.some(({ status }) => open.has(status) && status !== "pending");
  const to = begun || ends.length === 0 ? now : Math.max(...ends);
  const length = (to - Math.min(...starts)) / 1000;
  return seconds(Math.max(0, begun ? Math.floor(length) : length));
}

function phaseLine(steps: StepRecord[], scene: Scene, columns: number): string {
  const isOver = scene.record.endedAt !== null;
  const status = statusOf(steps, isOver);
  const over = steps.filter(({ status }) => !open.has(status)).length;
  const skipped = steps.filter(({ status }) => status === "skipped").length;
  const count =
    status === "pending" ? `${steps.length} ${isOver ? "not begun" : "to come"}` : `${over} of ${steps.length}`;
  const text = `${steps[0]!.phase.padEnd(10)} ${count}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  const { left, right } = spread(text, span(steps, scene.now), columns - 2);
  const title = status === "pending" ? chalk.dim(left) : chalk.bold(left);
  return `${mark(status, scene.frame)} ${title}${chalk.dim(right)}`;
}

const closable = new Set<StepStatus>(["pending", "done", "skipped"]);

interface Block {
  status: StepStatus;
  title: string;
  steps: { status: StepStatus; lines: string[] }[];
  open: boolean;
}

function height(blocks: Block[]): number {
  return blocks.reduce((sum, { open, steps }) => sum + 1 + (open ? steps.flatMap(({ lines }) => lines).length : 0), 0);
}

/** Closes what matters least first: what is to come from the end on, then what is over from the beginning on. */
function closeUntilItFits(blocks: Block[], rows: number): void {
  const toCome = blocks.filter(({ status }) => status === "pending").toReversed();
  const over = blocks.filter(({ status }) => status === "done" || status === "skipped");
  for (const block of [...toCome, ...over]) {
    if (height(blocks) <= rows) return;
    block.open = false;
  }
}

/** In a phase that is too long: leaves out finished steps, then those to come, and says how many. */
function shorten(blocks: Block[], rows: number): void {
  for (const status of ["done", "pending", "skipped"] as const) {
    for (const block of blocks) {
      const hidden = block.steps.filter((step) => step.status === status);
      if (height(blocks) <= rows || !block.open || hidden.length < 2) continue;
      block.steps = block.steps.filter((step) => step.status !== status);
      const words = status === "pending" ? "to come" : status;
      block.steps.push({ status, lines: [chalk.dim(`    … ${hidden.length} ${words}`)] });
    }
  }
}

/** On a very small terminal: leaves out closed phases, those that are over first. */
function dropUntilItFits(blocks: Block[], rows: number): Block[] {
  const closed = blocks.filter(({ open }) => !open);
  const order = [...closed.filter(({ status }) => status !== "pending"), ...closed.toReversed()];
  const gone = new Set<Block>();
  for (const block of order) {
    if (height(blocks.filter((kept) => !gone.has(kept))) <= rows) break;
    gone.add(block);
  }
  return blocks.filter((block) => !gone.has(block));
}

/** With fewer rows only the phases under way are open: a view that keeps its shape is easier to read. */
const tall = 36;

/** A line for each phase, with its steps below where there is room. */
export function phaseBlocks(phases: StepRecord[][], scene: Scene, { columns, rows }: Size): string[] {
  const isOver = scene.record.endedAt !== null;
  const blocks = phases.map((steps) => ({
    status: statusOf(steps, isOver),
    title: phaseLine(steps, scene, columns),
    steps: steps.map((step) => ({ status: step.status, lines: stepLines(step, scene, columns) })),
    open: rows >= tall || !closable.has(statusOf(steps, isOver)),
  }));
  closeUntilItFits(blocks, rows);
  shorten(blocks, rows);
  return dropUntilItFits(blocks, rows)
    .flatMap(({ title, steps, open }) => [title, ...(open ? steps.flatMap(({ lines }) => lines) : [])])
    .slice(0, rows);
}
