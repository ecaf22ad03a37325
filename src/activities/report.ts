import { join } from "node:path";
import { renderHtml } from "../report/html.ts";
import { renderMarkdown } from "../report/markdown.ts";
import type { RunRecord } from "../report/record.ts";
import { seal } from "../report/seal.ts";
import { writeAtomically } from "./files.ts";
import { followTrail } from "./trail.ts";

export function recordFile(directory: string): string {
  return join(directory, "report.json");
}

/** The record, and behind the trail what of it is new. */
export async function saveRecord(record: RunRecord): Promise<void> {
  await writeAtomically(recordFile(record.directory), `${JSON.stringify(record, null, 2)}\n`);
  await followTrail(record);
}

/**
 * Renders the report. The step that writes it is part of it, and done as far as a reader of the files can tell. The seal
 * goes into the step's result, and so into the workflow's history, where an editor of the files cannot change it.
 */
export async function writeReports(record: RunRecord): Promise<{ note: string; seal: string }> {
  const now = new Date().toISOString();
  const steps = record.steps.map((step) =>
    step.id === "report/files" && step.status === "running"
      ? { ...step, status: "done" as const, endedAt: now, attempts: step.attempts + 1 }
      : step,
  );
  const complete: RunRecord = { ...record, steps, endedAt: record.endedAt ?? now };
  await saveRecord(complete);
  await writeAtomically(join(record.directory, "report.md"), renderMarkdown(complete));
  await writeAtomically(join(record.directory, "report.html"), renderHtml(complete));
  return { note: join(record.directory, "report.html"), seal: seal(complete) };
}
