import chalk from "chalk";
import { secondsBetween } from "../../report/elapsed.ts";
import { seconds } from "../../report/format.ts";
import type { StepRecord, StepStatus } from "../../report/record.ts";
import { spinner, spread, cut } from "./text.ts";
import type { Progress, Scene } from "./scene.ts";

const marks: Record<Exclude<StepStatus, "running">, string> = {
  pending: "·",
  waiting: "!",
  paused: "‖",
  done: "✔",
  skipped: "↷",
  aborted: "✘",
  cancelled: "✘",
};
const paints = {
  pending: chalk.dim,
  running: chalk,
  waiting: chalk.yellow,
  paused: chalk.yellow,
  done: chalk.green,
  skipped: chalk.yellow,
  aborted: chalk.red,
  cancelled: chalk.red,
};

export function mark(status: StepStatus, frame: number): string {
  return status === "running" ? spinner(frame) : paints[status](marks[status]);
}

/** Seconds from start to end, or until now. */
export function elapsed({ startedAt, endedAt }: Pick<StepRecord, "startedAt" | "endedAt">, now: number): number {
  if (startedAt === null) return 0;
  return Math.max(0, secondsBetween(startedAt, endedAt ?? new Date(now).toISOString()));
}

function took(step: StepRecord, now: number): string {
  if (step.status === "pending") return step.expectedSeconds === null ? "" : `~${seconds(step.expectedSeconds)}`;
  const spent = seconds(step.status === "done" ? elapsed(step, now) : Math.floor(elapsed(step, now)));
  return step.status === "running" && step.expectedSeconds !== null
    ? `${spent} of ~${seconds(step.expectedSeconds)}`
    : spent;
}

function bar(percent: number): string {
  const full = Math.round(Math.min(100, Math.max(0, percent)) / 10);
  return `${"━".repeat(full)}${"┄".repeat(10 - full)} ${Math.floor(percent)} %`;
}

function deaths(step: StepRecord, progress: Progress | undefined): string | null {
  if (progress !== undefined && progress.attempt > 1) {
    return progress.queued
      ? `attempt ${progress.attempt - 1} died, waits for a worker`
      : `worker died, resumed (attempt ${progress.attempt})`;
  }
  if (!step.stretches.some(({ kind }) => kind === "died")) return null;
  return `worker died, resumed (${step.attempts} attempts)`;
}

/** Servers that were away while the step worked. */
function silences({ stretches }: StepRecord): string | null {
  const all = Map.groupBy(
    stretches.filter(({ kind }) => kind === "unanswered"),
    ({ by }) => by ?? "server",
  );
  const told = [...all].map(([by, times]) => {
    const sum = times.reduce((total, { from, to }) => total + secondsBetween(from, to), 0);
    return `${by} away for ${seconds(sum)}`;
  });
  return told.length === 0 ? null : told.join(" · ");
}

/** What is known of a running step beyond its title, null when nothing is. */
function progressText(step: StepRecord, progress: Progress | undefined): string | null {
  const parts = [
    progress?.percent == null ? null : bar(progress.percent),
    progress?.text ?? null,
    progress?.queued === true && progress.attempt <= 1 ? "waits for a worker" : null,
    deaths(step, progress),
  ].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? null : parts.join(" · ");
}

function evidence(step: StepRecord): string | null {
  const parts = [deaths(step, undefined), silences(step), step.note].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}

/** One line, or two where a running step has progress to show that does not fit beside its title. */
export function stepLines(step: StepRecord, { now, frame, progress }: Scene, columns: number): string[] {
  const running = step.status === "running";
  const more = running ? progressText(step, progress.get(step.id)) : evidence(step);
  const width = columns - 4;
  const time = took(step, now);
  const wide = columns >= 120;
  const titleWidth = wide ? Math.min(58, Math.floor(width * 0.45)) : width - time.length - 2;
  const title = step.destroys && step.status === "pending" ? `${step.title} (destroys)` : step.title;
  const beside = wide && more !== null ? more : "";
  const { left, right } = spread(wide ? `${cut(title, titleWidth).padEnd(titleWidth)}  ${beside}` : title, time, width);
  const shown =
    step.status === "pending"
      ? chalk.dim(left)
      : wide
        ? left.slice(0, titleWidth) + chalk.dim(left.slice(titleWidth))
        : left;
  const first = `  ${mark(step.status, frame)} ${shown}${chalk.dim(right)}`;
  if (wide || !running || more === null) return [first];
  return [first, `      ${chalk.dim(cut(more, columns - 6))}`];
}
