import { activityInfo } from "@temporalio/activity";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { describeFailure } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import { readJson, writeAtomically } from "../files.ts";
import { describePlace, withClient } from "../postgres/client.ts";
import { inspectServer } from "../postgres/server.ts";
import { oidOf } from "./oid.ts";
import type { Manifest } from "./sets.ts";

/**
 * A dump that may be all that is left of a database: a note beside it says so, from before a run destroys the database until
 * a run has put the dump into its place. It lies with the dump, because a later run may be another host's or another plan's.
 */
const Needed = z.object({
  /** Workflow ID of the run that destroyed it. */
  run: z.string(),
  target: z.string(),
  /** ISO 8601 in UTC. */
  since: z.string(),
});

function neededFile({ dumps }: PgDumpComponent, id: string): string {
  return join(dumps, `${id}.needed.json`);
}

export async function noteNeeded(component: PgDumpComponent, id: string): Promise<void> {
  const needed: z.infer<typeof Needed> = {
    run: activityInfo().workflowExecution!.workflowId,
    target: `database ${describePlace(component.connection, component.database)}`,
    since: new Date().toISOString(),
  };
  await writeAtomically(neededFile(component, id), `${JSON.stringify(needed, null, 2)}\n`);
}

export async function forgetNeeded(component: PgDumpComponent, id: string): Promise<void> {
  await rm(neededFile(component, id), { force: true });
}

/**
 * Why a dump must not be removed; undefined when nothing speaks against it. A note that cannot be read counts, and one of a
 * run that ended before it destroyed anything is removed.
 */
export async function whyNeeded(component: PgDumpComponent, set: Manifest): Promise<string | undefined> {
  const file = neededFile(component, set.id);
  const needed = await readJson<unknown>(file).catch((error: unknown) => describeFailure(error).message);
  if (needed === undefined) return undefined;
  if (await isThere(component, set)) {
    await forgetNeeded(component, set.id);
    return undefined;
  }
  const { success, data } = Needed.safeParse(needed);
  if (!success) return `${set.id} (${typeof needed === "string" ? needed : `${file} is no note of Firedrill`})`;
  const { run, target, since } = data;
  return `${set.id}, because run ${run} destroyed ${target} on ${since.slice(0, 10)} and this dump was not put back and proven (resume it, or remove ${file} when it is not needed)`;
}

/** Whether the very database that was dumped is still there. */
async function isThere({ connection, database, maintenanceDatabase }: PgDumpComponent, set: Manifest) {
  return await withClient(connection, maintenanceDatabase, async (client) => {
    const { systemIdentifier } = await inspectServer(client);
    return systemIdentifier === set.systemIdentifier && (await oidOf(client, database)) === set.oid;
  });
}
