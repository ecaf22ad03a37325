import type { WorkflowHandle } from "@temporalio/client";
import { execa } from "execa";
import { delimiter } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabServer } from "../lab/postgres.ts";
import type { RunRecord } from "../src/report/record.ts";
import { type Lab, taskQueue } from "./lab.ts";

export interface EngineDrill {
  /** From its start to its end, as whoever started it sees it. */
  seconds: number;
  record: RunRecord;
  workflowId: string;
}

let runs = 0;

/** A drill from start to PASS; a worker must be running. */
export async function drill(lab: Lab, plan: string): Promise<EngineDrill> {
  const client = await lab.client();
  const workflowId = `${plan}-${(runs += 1)}`;
  const before = performance.now();
  const args = [{ plan, scenario: "database", by: "bench", reason: "benchmark" }];
  const handle = await client.workflow.start("exercise", { taskQueue, workflowId, args });
  const ended = handle.result().catch(async () => {
    const { summary, steps } = await handle.query<RunRecord>("record");
    const failures = steps.flatMap((step) => step.failures.map(({ message }) => message));
    throw new Error(`drill ${workflowId} did not pass: ${[summary, ...failures].join("; ")}`);
  });
  const over = new AbortController();
  try {
    const record = (await lab.house.wait(Promise.race([ended, failsWhenStuck(handle, over.signal)]))) as RunRecord;
    return { seconds: (performance.now() - before) / 1000, record, workflowId };
  } finally {
    over.abort();
  }
}

/** Rejects when a step waits for a person: in a benchmark nobody comes. */
async function failsWhenStuck(handle: WorkflowHandle, over: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(5_000, undefined, { signal: over });
    const { steps } = await handle.query<RunRecord>("record");
    const waiting = steps.find(({ status }) => status === "waiting");
    if (waiting !== undefined) throw new Error(`${waiting.id} waits: ${waiting.failures.at(-1)?.message}`);
  }
}

export function stepSeconds({ steps }: RunRecord, id: string): number {
  const step = steps.find((one) => one.id === id);
  if (step?.startedAt == null || step.endedAt === null) throw new Error(`no step ${id}`);
  return (Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000;
}

/** For PostgreSQL's programs: where the server is, and those of its own version first. */
export function clientEnvironment({ env, bin }: LabServer): Record<string, string> {
  return { ...env, PATH: [bin, process.env["PATH"] ?? ""].join(delimiter) };
}

/** Seconds that a program took. Its processes end with the house, Ctrl-C included. */
export async function timed(lab: Lab, file: string, args: string[], env: Record<string, string>): Promise<number> {
  const before = performance.now();
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("PG"));
  const child = execa(file, args, {
    cancelSignal: lab.house.signal,
    cwd: lab.house.root,
    detached: true,
    env: { ...Object.fromEntries(kept), ...env },
    extendEnv: false,
    stdin: "ignore",
  });
  await lab.house.wait(child);
  return (performance.now() - before) / 1000;
}
