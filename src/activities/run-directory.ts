import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { fileFailure, privateDirectory, readJson, writeAtomically } from "./files.ts";

/** What the worker knows of a run without asking Temporal. `closed`: nothing of it has to be cleaned up any more. */
export interface RunFile {
  workflowId: string;
  runId: string;
  closed: boolean;
}

/** A run's own directory on the worker: programs' logs, ledger of leftovers, attempts. */
export function runDirectory(config: Config, runId: string): string {
  return join(config.state, "runs", runId);
}

/** Where report.json, report.md and report.html of a run lie. */
export function recordDirectory(config: Config, runId: string): string {
  return join(config.records, runId);
}

/** A step ID as one file name. */
export function fileName(stepId: string): string {
  return stepId.replaceAll("/", ".");
}

/** Makes the directories of a run and notes whose they are. */
export async function openRun(config: Config, runId: string, file: Omit<RunFile, "closed">): Promise<void> {
  await writeRunFile(config, runId, { ...file, closed: false });
  await makePrivate(recordDirectory(config, runId));
}

export async function makePrivate(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: privateDirectory });
  } catch (error) {
    throw fileFailure(error, directory);
  }
}

export async function writeRunFile(config: Config, runId: string, file: RunFile): Promise<void> {
  await writeAtomically(join(runDirectory(config, runId), "run.json"), JSON.stringify(file));
}

export async function readRunFile(config: Config, runId: string): Promise<RunFile | undefined> {
  return readJson<RunFile>(join(runDirectory(config, runId), "run.json"));
}

/** Names of the runs that this worker has a directory of. */
export async function runIds(config: Config): Promise<string[]> {
  await makePrivate(join(config.state, "runs"));
  const entries = await readdir(join(config.state, "runs"), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
