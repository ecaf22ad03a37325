import { activityInfo } from "@temporalio/activity";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure } from "../failures.ts";
import type { Leftover as LeftoverRecord } from "../report/record.ts";
import { redact } from "../redaction.ts";
import { exists } from "./files.ts";
import { stopJob } from "./jobs/job.ts";
import { forgetLeftover, type Leftover, listLeftovers } from "./leftovers.ts";
import { removeFile, removeOwn, undoThere } from "./longhorn/undo.ts";
import { letIn } from "./pgdump/place.ts";
import { describePlace, identifier, withClient } from "./postgres/client.ts";
import { stopPostmaster } from "./postgres/postmaster.ts";
import { removeSentinel } from "./postgres/sentinel.ts";
import type { StepContext } from "./step.ts";
import { closeTo, workedOn } from "./turn.ts";
import { uncordon } from "./workload/cordon.ts";
import { removeSentinelFile } from "./workload/sentinel.ts";

export interface Cleaned {
  removed: number;
  leftovers: LeftoverRecord[];
  note: string;
}

/** How each kind of leftover is removed. A kind without a remover does not compile. */
const removers: { [K in Leftover["kind"]]: (leftover: Extract<Leftover, { kind: K }>) => Promise<void> } = {
  job: ({ directory }) => stopJob(directory),
  path: ({ path }) => rm(path, { recursive: true, force: true }),
  sentinel: async ({ connection, database, run }) => {
    try {
      await withClient(connection, database, (client) => removeSentinel(client, run));
    } catch (error) {
      // A database that is gone holds no sentinel.
      if (describeFailure(error).type !== "DATABASE_MISSING") throw error;
    }
  },
  database: async ({ connection, maintenanceDatabase, database }) => {
    await withClient(connection, maintenanceDatabase, async (client) => {
      // The server does not see that whoever asked for it has gone, and would make it after it was looked for.
      await client.query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where strpos(query, $1) = 1 and state = 'active'",
        [`create database ${identifier(database)} `],
      );
      await client.query(`drop database if exists ${identifier(database)} with (force)`);
    });
  },
  "locked-out": ({ connection, maintenanceDatabase, databases }) =>
    withClient(connection, maintenanceDatabase, (client) => letIn(client, databases)),
  object: removeOwn,
  stopped: undoThere,
  "file-in-volume": removeFile,
  postmaster: (leftover) => stopPostmaster(leftover),
  cordon: (leftover) => uncordon(leftover),
  "sentinel-file": (leftover) => removeSentinelFile(leftover),
};

function describe(leftover: Leftover): LeftoverRecord {
  switch (leftover.kind) {
    case "job":
      return { what: "program", where: leftover.directory, why: "" };
    case "path":
      return { what: "directory", where: leftover.path, why: leftover.keep ?? "" };
    case "sentinel":
      return {
        what: "schema firedrill",
        where: `database ${describePlace(leftover.connection, leftover.database)}`,
        why: "",
      };
    case "database":
      return {
        what: "database",
        where: describePlace(leftover.connection, leftover.database),
        why: leftover.keep ?? "",
      };
    case "locked-out":
      return {
        what: "database that takes no connections",
        where: describePlace(leftover.connection, leftover.databases.join(" or ")),
        why: "",
      };
    case "object": {
      const { kind, namespace, name } = leftover.object;
      return { what: kind, where: namespace === "" ? name : `${namespace}/${name}`, why: leftover.keep ?? "" };
    }
    case "stopped":
      return { what: "thing that is stopped", where: leftover.what, why: leftover.keep ?? "" };
    case "file-in-volume":
      return { what: "sentinel", where: `${leftover.file} in claim ${leftover.namespace}/${leftover.claim}`, why: "" };
    case "postmaster":
      return { what: "server", where: leftover.data, why: "" };
    case "cordon":
      return { what: "cordoned node", where: leftover.node, why: "" };
    case "sentinel-file":
      return { what: "file", where: `${leftover.path} in claim ${leftover.namespace}/${leftover.claim}`, why: "" };
  }
}

/**
 * Stops the run's programs and removes all that it noted as its own, the newest first. What is to be kept, and what
 * resists, is returned with the reason; one that resists does not stop the others.
 */
export async function cleanRun(runDirectory: string): Promise<Cleaned> {
  await stopJobs(join(runDirectory, "jobs"));
  const leftovers: LeftoverRecord[] = [];
  let removed = 0;
  for (const { key, leftover } of await listLeftovers(runDirectory)) {
    if ("keep" in leftover && leftover.keep !== undefined) leftovers.push(describe(leftover));
    else {
      try {
        await (removers[leftover.kind] as (one: Leftover) => Promise<void>)(leftover);
        await forgetLeftover(runDirectory, key);
        removed += 1;
      } catch (error) {
        leftovers.push({ ...describe(leftover), why: redact(describeFailure(error).message) });
      }
    }
  }
  return { removed, leftovers, note: noteOf(removed, leftovers) };
}

/** How long a step that was cancelled has to let go by itself. It hears of it with a heartbeat. */
const graceMs = 5_000;
const lookEveryMs = 50;

/**
 * The clean-up of a run that is still there, with the directories of those that it continues. A step that has not heard yet
 * that it was cancelled may make something until then, so it is waited for. One that does not let go, as a long statement
 * runs, loses what it works with, and what it makes meanwhile is removed after it.
 */
export async function cleanUp(
  runDirectories: string[],
  { step, signal, progress }: Pick<StepContext, "step" | "signal" | "progress">,
): Promise<Cleaned> {
  async function isLetGo(forMs: number): Promise<boolean> {
    for (const deadline = Date.now() + forMs; ; await sleep(lookEveryMs)) {
      const busy = await Promise.all(runDirectories.map((directory) => workedOn(directory, step)));
      const other = busy.find((one) => one !== undefined);
      if (other === undefined) return true;
      if (Date.now() >= deadline) return false;
      signal.throwIfAborted();
      progress(`waiting for ${other} to let go`);
    }
  }
  const { runId } = activityInfo().workflowExecution!;
  for (const directory of runDirectories) await closeTo(directory, runId);
  const letGo = await isLetGo(graceMs);
  const cleaned = await cleanRuns(runDirectories);
  if (letGo) return cleaned;
  await isLetGo(Infinity);
  const { removed, leftovers } = await cleanRuns(runDirectories);
  return { removed: cleaned.removed + removed, leftovers, note: noteOf(cleaned.removed + removed, leftovers) };
}

async function cleanRuns(runDirectories: string[]): Promise<Cleaned> {
  const all: Cleaned[] = [];
  for (const directory of runDirectories) all.push(await cleanRun(directory));
  const leftovers = all.flatMap((one) => one.leftovers);
  const removed = all.reduce((sum, one) => sum + one.removed, 0);
  return { removed, leftovers, note: noteOf(removed, leftovers) };
}

const noteOf = (removed: number, left: LeftoverRecord[]) => `${removed} removed, ${left.length} left`;

async function stopJobs(directory: string): Promise<void> {
  if (!(await exists(directory))) return;
  const names = await readdir(directory);
  await Promise.all(names.map((name) => stopJob(join(directory, name))));
}
