import type { Client, WorkflowHandle } from "@temporalio/client";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { judgeClock } from "../../activities/doctor/clock.ts";
import { find, type Finding } from "../../activities/doctor/finding.ts";
import type { Examination } from "../../activities/doctor/index.ts";
import { codeVersion } from "../../activities/code-version.ts";
import { hostOfIdentity } from "../../activities/host-queue.ts";
import { fail } from "../../failures.ts";
import type { DoctorRequest, Visit } from "../../workflows/doctor.ts";
import { pollersOf } from "../runs.ts";

/** A worker that lives begins at once; milliseconds. */
const beginsWithinMs = 10_000;

/** A finding about a host, or about none (null). */
export type Located = Finding & { host: string | null };

export function located(host: string | null, findings: Finding[]): Located[] {
  return findings.map((finding) => ({ host, ...finding }));
}

/** Lets every worker of the task queue look at its host. `answered`: at least one has. */
export async function askWorkers(
  client: Client,
  taskQueue: string,
  plan: string | null,
): Promise<{ findings: Located[]; answered: boolean }> {
  const found: Located[] = [];
  let visits: Visit[] = [];
  const polling = await find(
    "worker",
    "task queue",
    async () => {
      const pollers = await pollersOf(client, taskQueue);
      if (pollers.length === 0) throw nobody(taskQueue);
      const strangers = pollers.filter((identity) => hostOfIdentity(identity) === undefined);
      found.push(...located(null, await Promise.all(strangers.map(stranger))));
      const hosts = [...new Set(pollers.flatMap((identity) => hostOfIdentity(identity) ?? []))];
      if (hosts.length > 0) visits = await ask(client, taskQueue, { hosts, ...(plan !== null && { plan }) });
      for (const visit of visits) {
        const { host, examination } = visit;
        found.push(...located(host, [...(await judgeVisit(visit)), ...(examination?.findings ?? [])]));
      }
      return `${taskQueue}, asked for work by ${pollers.length} ${pollers.length === 1 ? "worker" : "workers"}`;
    },
    70_000,
  );
  return {
    findings: [...located(null, [polling]), ...found],
    answered: visits.some(({ examination }) => examination !== null),
  };
}

function nobody(taskQueue: string) {
  return fail(
    "SYSTEM_UNREACHABLE",
    `no worker asks for work on task queue ${taskQueue}`,
    "Start one: `firedrill worker`; or correct `taskQueue` of the configuration on either side.",
  );
}

/** It takes runs all the same. */
function stranger(identity: string): Promise<Finding> {
  return find("worker", identity, () => {
    throw fail(
      "UNSUPPORTED_VERSION",
      `worker ${identity} cannot be asked: it is of another version than this ${codeVersion}`,
      "Restart it with this version, or see what else asks for work on this task queue.",
    );
  });
}

/** @throws SYSTEM_UNREACHABLE when no worker begins, and the workflow's own failure */
async function ask(client: Client, taskQueue: string, request: DoctorRequest): Promise<Visit[]> {
  const handle = await client.workflow.start("doctor", {
    taskQueue,
    workflowId: `doctor-${randomUUID()}`,
    args: [request],
    workflowExecutionTimeout: "1 minute",
  });
  const answered = new AbortController();
  try {
    return await Promise.race([handle.result() as Promise<Visit[]>, neverBegins(handle, answered.signal)]);
  } catch (error) {
    // A worker that starts later need not answer any more; where the workflow itself has failed there is nothing to end.
    await handle.terminate("nobody waits for it").catch(() => "it is over");
    throw error;
  } finally {
    answered.abort();
  }
}

/** Rejects when the workflow has not got beyond its first task in time: its worker is dead, or does not know it. */
async function neverBegins(handle: WorkflowHandle, answered: AbortSignal): Promise<never> {
  await sleep(beginsWithinMs, undefined, { signal: answered });
  const { events } = await handle.fetchHistory();
  const has = (name: string) => (events ?? []).some((event) => name in event && event[name as never] != null);
  if (has("workflowTaskCompletedEventAttributes")) return await new Promise<never>(() => {});
  if (has("workflowTaskFailedEventAttributes"))
    throw fail(
      "UNSUPPORTED_VERSION",
      `a worker took the question and could not answer it: it is of another version than this ${codeVersion}`,
      "Restart every worker with this version.",
    );
  throw fail(
    "SYSTEM_UNREACHABLE",
    `no worker answers within ${beginsWithinMs / 1_000} s, although one has asked for work a moment ago`,
    "See whether it still runs, and read its log; was it killed, start it again.",
  );
}

async function judgeVisit({ host, from, until, examination, failure }: Visit): Promise<Finding[]> {
  if (examination === null || failure !== null)
    return [
      await find("worker", "host", () => {
        throw fail("SYSTEM_UNREACHABLE", failure?.message ?? `nothing was found on ${host}`, failure?.hint);
      }),
    ];
  return await Promise.all([
    find("worker", "version", () => sameVersion(examination)),
    find("worker", "clock", () =>
      judgeClock(examination.endedAt - until, examination.startedAt - from, "the Temporal server's"),
    ),
  ]);
}

function sameVersion({ host, codeVersion: theirs }: Examination) {
  if (theirs === codeVersion) return `${host} has ${theirs}, as this program`;
  return {
    message: `${host} has version ${theirs}, this program is ${codeVersion}`,
    hint: "Install the same version on both sides: the worker's is the one that counts for runs.",
  };
}
