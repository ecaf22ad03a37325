import type { Client } from "@temporalio/client";
import { createRecordReader } from "../read-records.ts";
import { type Digest, digest } from "../report/digest.ts";
import type { RunRecord } from "../report/record.ts";
import { tellLeftOut } from "./left-out.ts";
import { isRefusedStart } from "./recorded-run.ts";
import { isRun } from "./runs.ts";

/** A run of the past or of now, as far as its source knows it. */
export interface PastRun extends Partial<Omit<Digest, "startedAt" | "status">> {
  workflowId: string;
  runId: string;
  /** ISO 8601 in UTC. */
  startedAt: string;
  /** As the record says it; of an open run, and of one without a memo, as the server does. */
  status: string;
}

/** The word that a list shows of a run. */
export function outcome({ status, verdict }: Pick<PastRun, "status" | "verdict">): string {
  return status === "skipped" ? "SKIPPED" : (verdict ?? status);
}

/** What somebody wants to see. */
export interface Wanted {
  plan?: string;
  type?: string;
  scenario?: string;
  verdict?: string;
  /** Only those that this schedule has begun; only the server knows. */
  schedule?: string;
  /** Only those that are over and have tried something. */
  ended?: boolean;
  limit: number;
}

const matches = ({ plan, type, scenario, verdict, ended = false }: Wanted, run: PastRun) =>
  (plan === undefined || run.plan === plan) &&
  (type === undefined || run.type === type) &&
  (scenario === undefined || run.scenario === scenario) &&
  (verdict === undefined || run.verdict === verdict) &&
  (!ended || (run.verdict != null && run.status !== "skipped"));

const later = (one: string, other: string) => (one === other ? 0 : one < other ? 1 : -1);
/** A run that resumes another one has begun with it, and ended later; what has not ended comes first. */
const newestFirst = (one: PastRun, other: PastRun) =>
  later(one.startedAt, other.startedAt) || later(one.endedAt ?? "open", other.endedAt ?? "open");

/** Run IDs of parts of a story that others of these go on telling. */
const toldByOthers = (runs: Pick<Digest, "earlier">[]) => runs.flatMap(({ earlier = [] }) => earlier);

/**
 * Runs that the server still knows, by the memo of each: no worker has to run. One that is open is told by its status alone.
 * The server forgets a workflow after the retention time of its namespace. A run that was resumed is told once, by its newest part.
 */
export async function runsOfServer(client: Client, taskQueue: string, wanted: Wanted): Promise<PastRun[]> {
  const found: PastRun[] = [];
  const told = new Set<string>();
  const { schedule } = wanted;
  const ours =
    schedule === undefined ? `${isRun} AND TaskQueue = '${taskQueue}'` : `TemporalScheduledById = '${schedule}'`;
  for await (const execution of client.workflow.list({ query: ours })) {
    if (await isRefusedStart(client, execution)) continue;
    const { workflowId, runId, startTime, status, memo, type } = execution;
    const known = memo?.["digest"] as Digest | undefined;
    // Whatever it resumes has closed before, and comes later.
    for (const part of toldByOthers([known ?? {}])) told.add(part);
    if (told.has(runId)) continue;
    const run: PastRun = {
      ...(known ?? { type: type as Digest["type"] }),
      workflowId,
      runId,
      startedAt: known?.startedAt ?? startTime.toISOString(),
      status: known?.endedAt == null ? status.name.toLowerCase() : known.status,
    };
    // Open ones first, then by their end: the first that fit are the newest.
    if (matches(wanted, run)) found.push(run);
    if (found.length === wanted.limit) break;
  }
  return found.sort(newestFirst);
}

function pastRun(record: RunRecord): PastRun {
  return { ...digest(record), workflowId: record.run.workflowId, runId: record.run.runId };
}

/** Runs whose record lies in a directory, where no server has to be. Says which ones cannot be read. Throws REQUEST_INVALID. */
export async function runsOfRecords(directory: string, wanted: Wanted): Promise<PastRun[]> {
  const { found, broken } = await createRecordReader(pastRun)(directory);
  tellLeftOut(broken);
  const told = new Set(toldByOthers(found));
  return found
    .filter((run) => !told.has(run.runId) && matches(wanted, run))
    .sort(newestFirst)
    .slice(0, wanted.limit);
}
