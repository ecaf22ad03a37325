import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { runName } from "../report/begin.ts";
import type { Holder } from "../guard/facts.ts";
import type { Plan } from "../plan/schema.ts";
import { fileFailure, privateDirectory, readJson, writeAtomically } from "./files.ts";
import type { Silence } from "./unanswered.ts";
import type { Attempt, RunRef } from "./verbs.ts";

/** What the worker knows of a run without asking Temporal. `closed`: nothing of it has to be cleaned up any more. */
export interface RunFile {
  workflowId: string;
  runId: string;
  closed: boolean;
  /** What a run that resumes this one has to go on with; missing where an older version made the directory. */
  ref?: Pick<RunRef, "id" | "short" | "nonce" | "startedAt">;
  /** The locks that it took, once it has any. */
  holds?: { lock: string; holder: Omit<Holder, "over"> }[];
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
export async function openRun(
  config: Config,
  { id, short, nonce, startedAt }: RunRef,
  { workflowId, runId }: Pick<RunFile, "workflowId" | "runId">,
): Promise<void> {
  await writeRunFile(config, id, { workflowId, runId, closed: false, ref: { id, short, nonce, startedAt } });
  await makePrivate(recordDirectory(config, runName({ workflowId, runId })));
}

/** A directory of a closed run is the one's from now on that resumes it. */
export async function takeDirectory(
  config: Config,
  name: string,
  { workflowId, runId }: Pick<RunFile, "workflowId" | "runId">,
): Promise<void> {
  const file = await readRunFile(config, name);
  await writeRunFile(config, name, { ...file, workflowId, runId, closed: false });
}

function planCopy(config: Config, runId: string, sha256: string): string {
  return join(runDirectory(config, runId), "plans", `${sha256}.json`);
}

/** Keeps a plan by which a run works, to be compared with the file when the run is resumed. */
export async function keepPlan(config: Config, runId: string, plan: Plan, sha256: string): Promise<void> {
  await writeAtomically(planCopy(config, runId, sha256), JSON.stringify(plan));
}

/** From whichever of the directories has it. */
export async function keptPlan(config: Config, runIds: string[], sha256: string): Promise<Plan | undefined> {
  for (const id of runIds) {
    const plan = await readJson<Plan>(planCopy(config, id, sha256));
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/** An attempt in its file; the one that has ended well has the step's result with it. */
export type NotedAttempt = Omit<Attempt, "unanswered"> & { result?: unknown; silences?: Silence[] };

/** One try of a step in the run's directory: `<step>.<number of the try>.json`. */
export function attemptsFile(runDirectory: string, step: string, tryNo: number): string {
  return join(runDirectory, "attempts", `${fileName(step)}.${tryNo}.json`);
}

/** When a step in these directories has shown for the last time that it lived, `since` if none has; ISO 8601 in UTC. */
export async function lastSign(runDirectories: string[], since: string): Promise<string> {
  let last = Date.parse(since);
  for (const directory of runDirectories.map((one) => join(one, "attempts")))
    for (const file of await readdir(directory).catch(() => []))
      last = Math.max(last, (await stat(join(directory, file))).mtimeMs);
  return new Date(last).toISOString();
}

/** The number of the next try of steps that have been tried, by their file names. */
export async function nextTries(runDirectory: string): Promise<Map<string, number>> {
  const next = new Map<string, number>();
  for (const file of await readdir(join(runDirectory, "attempts")).catch(() => [])) {
    const [, step, tryNo] = /^(.+)\.(\d+)\.json$/.exec(file) ?? [];
    if (step !== undefined) next.set(step, Math.max(next.get(step) ?? 0, Number(tryNo) + 1));
  }
  return next;
}

/** What a step has returned when it was done: a run that resumes this one takes it over. */
export async function keptResult(runDirectory: string, step: string): Promise<unknown> {
  const next = (await nextTries(runDirectory)).get(fileName(step)) ?? 0;
  const attempts = await readJson<NotedAttempt[]>(attemptsFile(runDirectory, step, next - 1));
  return attempts?.findLast((one) => "result" in one)?.result;
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
