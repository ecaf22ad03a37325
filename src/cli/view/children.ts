import type { RunRecord, StepRecord } from "../../report/record.ts";
import type { Progress } from "./scene.ts";

/**
 * A record whose steps stand as the server knows them: of one volume of many a child workflow does several steps, and its run
 * hears of them together.
 */
export function withChildren(record: RunRecord, progress: ReadonlyMap<string, Progress>): RunRecord {
  const many = new Set(record.components.flatMap(({ name, of }) => (of === undefined ? [] : [name])));
  const under = record.steps.filter(({ id, status }) => status === "pending" && progress.has(id));
  if (under.length === 0) return record;
  const further = new Map(under.map((step) => [step.component ?? "", step]));
  const seen = (step: StepRecord): StepRecord => {
    const later = further.get(step.component ?? "");
    if (later === undefined || !many.has(step.component ?? "")) return step;
    if (step === later) return { ...step, status: "running" };
    const isBefore = record.steps.indexOf(step) < record.steps.indexOf(later);
    const isUnderWay = step.status === "running" || step.status === "pending";
    return isBefore && isUnderWay ? { ...step, status: "done" } : step;
  };
  return { ...record, steps: record.steps.map(seen) };
}
