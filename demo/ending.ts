import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RunRecord } from "../src/report/record.ts";

/**
 * What the demo did not show, in sentences; none when it showed all: PASS, and a worker that died in the middle of the
 * step and left an attempt that says so.
 */
export function shortcomings(record: RunRecord, fatalStep: string, killedAt: string | null): string[] {
  const step = record.steps.find(({ id }) => id === fatalStep);
  const died = step?.stretches.find(({ kind }) => kind === "died");
  const complaints: string[] = [];
  if (record.verdict !== "PASS") complaints.push(`The verdict is ${record.verdict ?? "open"}, not PASS.`);
  if (killedAt === null) complaints.push(`The worker was not killed: ${fatalStep} ended before it could be.`);
  else if (step === undefined || step.endedAt === null || step.endedAt <= killedAt) {
    complaints.push(`The worker was killed at ${killedAt}, but ${fatalStep} was not running then.`);
  } else if (died === undefined || step.attempts < 2) {
    complaints.push(`The worker was killed in the middle of ${fatalStep}, but the record shows no attempt that died.`);
  }
  return complaints;
}

/** Directory in which a demo leaves its reports. */
export const keptIn = (demo: string) => join(process.cwd(), `firedrill-${demo}`);

/**
 * Keeps the reports and the worker's log, which would go with the temporary directory; an older demo's are replaced.
 * Returns where, and the names of those that the run did not write.
 */
export async function keepFiles(
  demo: string,
  record: RunRecord,
  workerLog: string,
): Promise<{ kept: string; missing: string[] }> {
  const kept = keptIn(demo);
  await rm(kept, { recursive: true, force: true });
  await mkdir(kept);
  const files = ["report.html", "report.md", "report.json"].map((name) => join(record.directory, name));
  const missing = files.filter((file) => !existsSync(file));
  for (const file of [...files, workerLog]) if (existsSync(file)) await cp(file, join(kept, basename(file)));
  return { kept, missing: missing.map((file) => basename(file)) };
}
