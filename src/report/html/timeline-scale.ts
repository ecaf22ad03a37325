import { seconds } from "../format.ts";
import type { RunRecord, StepRecord, Stretch } from "../record.ts";

/** Where the moments of a run lie on its timeline. */

export interface Bar {
  kind: Stretch["kind"] | "running";
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  by?: Stretch["by"];
}

export interface Scale {
  start: number;
  end: number;
  /** Percent of the timeline's width; undefined for a moment outside of the run. */
  percent: (ms: number) => number | undefined;
  ticks: { at: number; label: string }[];
}

const tickSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** A record that is still being written says nothing about now: its newest moment stands for it. */
function newest(record: RunRecord): number {
  const moments = record.steps.flatMap((step) => [
    step.startedAt,
    step.endedAt,
    ...step.stretches.map(({ to }) => to),
    ...step.decisions.map(({ at }) => at),
  ]);
  return Math.max(...[record.startedAt, record.endedAt, ...moments].map((iso) => (iso === null ? 0 : Date.parse(iso))));
}

/** The scale of a run, with up to seven ticks of elapsed time. */
export function scaleOf(record: RunRecord): Scale {
  const start = Date.parse(record.startedAt);
  const length = Math.max(newest(record) - start, 1000) * (record.endedAt === null ? 1.06 : 1);
  const wanted =
    tickSeconds.find((tick) => length / (tick * 1000) <= 6.5) ?? Math.ceil(length / 6.5 / 86_400_000) * 86_400;
  const ticks = [];
  for (let at = 0; at <= length; at += wanted * 1000)
    ticks.push({ at: (at / length) * 100, label: seconds(at / 1000) });
  return {
    start,
    end: start + length,
    percent: (ms) => (ms < start || ms > start + length ? undefined : ((ms - start) / length) * 100),
    ticks,
  };
}

/** What is drawn for a step: its stretches, and for an unfinished one what it does since then. */
export function bars(step: StepRecord, scale: Scale): Bar[] {
  if (step.startedAt === null || step.carriedOver) return [];
  const told = step.stretches.map(({ from, to, ...rest }) => ({ ...rest, from: Date.parse(from), to: Date.parse(to) }));
  const since = told.at(-1)?.to ?? Date.parse(step.startedAt);
  if (step.status === "running") return [...told, { kind: "running", from: since, to: scale.end }];
  if (step.status === "paused") return [...told, { kind: "paused", from: since, to: scale.end }];
  if (step.status === "waiting") return [...told, { kind: "waited", from: since, to: scale.end }];
  if (told.length > 0 || step.endedAt === null) return told;
  return [{ kind: "ran", from: since, to: Date.parse(step.endedAt) }];
}
