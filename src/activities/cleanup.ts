import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeFailure } from "../failures.ts";
import type { Leftover as LeftoverRecord } from "../report/record.ts";
import { redact } from "../redaction.ts";
import { exists } from "./files.ts";
import { stopJob } from "./jobs/job.ts";
import { forgetLeftover, type Leftover, listLeftovers } from "./leftovers.ts";
import { letIn } from "./pgdump/place.ts";
import { describePlace, identifier, withClient } from "./postgres/client.ts";
import { stopPostmaster } from "./postgres/postmaster.ts";
import { removeSentinel } from "./postgres/sentinel.ts";

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
    await withClient(connection, maintenanceDatabase, (client) =>
      client.query(`drop database if exists ${identifier(database)} with (force)`),
    );
  },
  "locked-out": ({ connection, maintenanceDatabase, databases }) =>
    withClient(connection, maintenanceDatabase, (client) => letIn(client, databases)),
  postmaster: (leftover) => stopPostmaster(leftover),
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
    case "postmaster":
      return { what: "server", where: leftover.data, why: "" };
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
  return { removed, leftovers, note: `${removed} removed, ${leftovers.length} left` };
}

async function stopJobs(directory: string): Promise<void> {
  if (!(await exists(directory))) return;
  const names = await readdir(directory);
  await Promise.all(names.map((name) => stopJob(join(directory, name))));
}
