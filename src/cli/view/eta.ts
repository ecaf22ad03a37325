import type { RunRecord, StepRecord } from "../../report/record.ts";

/** Components of a phase that are worked on at the same time, unless the plan says more; the estimate is then too careful. */
const atOnce = 4;
const open = new Set(["pending", "running", "waiting", "paused"]);

function remaining(step: StepRecord, now: number): number | null {
  if (!open.has(step.status)) return 0;
  if (step.expectedSeconds === null) return null;
  const ran = step.startedAt === null ? 0 : (now - Date.parse(step.startedAt)) / 1000;
  return Math.max(0, step.expectedSeconds - ran);
}

/**
 * Seconds until the end, by what earlier runs took: components of a phase run in parallel, so the slowest counts, and of many
 * volumes their share; phases and steps of the whole run follow each other. `partly`: some steps have never been timed.
 * Null when nothing is known.
 */
export function eta(record: RunRecord, now: number): { seconds: number; partly: boolean } | null {
  const phases = new Map<string, Map<string, number>>();
  let known = 0;
  let unknown = 0;
  for (const step of record.steps) {
    const left = remaining(step, now);
    if (left === null) unknown++;
    else if (open.has(step.status)) known++;
    const ofPhase = phases.get(step.phase) ?? new Map<string, number>();
    phases.set(step.phase, ofPhase.set(step.component ?? "", (ofPhase.get(step.component ?? "") ?? 0) + (left ?? 0)));
  }
  if (known === 0) return null;
  const seconds = [...phases.values()].reduce((sum, byComponent) => {
    const own = byComponent.get("") ?? 0;
    const parallel = [...byComponent].filter(([component]) => component !== "").map(([, left]) => left);
    const all = parallel.reduce((total, left) => total + left, 0);
    return sum + own + Math.max(0, ...parallel, all / atOnce);
  }, 0);
  return { seconds, partly: unknown > 0 };
}
