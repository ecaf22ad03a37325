import type { PgDumpComponent } from "../../plan/schema.ts";
import { forgetLeftover, listLeftovers, noteLeftover } from "../leftovers.ts";
import { databaseExists } from "../pgdump/oid.ts";
import { endSessions, letIn, noteAside } from "../pgdump/place.ts";
import { scratchName } from "../pgdump/restore.ts";
import { nameWith } from "../pgdump/scratch-name.ts";
import { type Client, identifier, withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";

/**
 * Keeps everybody out of a database in the server itself: no application can pass, and no GitOps undoes it. Who cleans up after
 * the run lets them in again.
 */

const key = ({ name }: PgDumpComponent) => `locked.${name}`;

/** Names under which the database may be found while it is fenced. */
function namesOf(component: PgDumpComponent, { run }: StepContext): string[] {
  const aside = nameWith(component.database, `_before_${run.short}`);
  return [component.database, aside, scratchName(component, run)];
}

export async function isShutOut(component: PgDumpComponent, { directory }: StepContext): Promise<boolean> {
  return (await listLeftovers(directory)).some((noted) => noted.key === key(component));
}

/** From now on only what this run restores beside can be reached. */
export async function shutOut(component: PgDumpComponent, context: StepContext): Promise<void> {
  const { connection, maintenanceDatabase, database } = component;
  const databases = namesOf(component, context);
  await noteLeftover(context.directory, key(component), {
    kind: "locked-out",
    connection,
    maintenanceDatabase,
    databases,
  });
  await withClient(connection, maintenanceDatabase, (client) => lock(client, database));
}

async function lock(client: Client, database: string): Promise<void> {
  if (!(await databaseExists(client, database))) return;
  await client.query(`alter database ${identifier(database)} with allow_connections false`);
  await endSessions(client, [database]);
}

/** Both names change in one moment, and neither database lets anybody in until `admit`. */
export async function swap(
  client: Client,
  component: PgDumpComponent,
  scratch: string,
  context: StepContext,
): Promise<void> {
  const { database } = component;
  // The application may have made it since.
  await lock(client, database);
  await lock(client, scratch);
  const inTheWay = await databaseExists(client, database);
  const aside = inTheWay ? await noteAside(component, context) : null;
  await client.query("begin");
  if (aside !== null) await client.query(`alter database ${identifier(database)} rename to ${identifier(aside)}`);
  await client.query(`alter database ${identifier(scratch)} rename to ${identifier(database)}`);
  await client.query("commit");
}

export async function admit(component: PgDumpComponent, context: StepContext): Promise<void> {
  const { connection, maintenanceDatabase } = component;
  await withClient(connection, maintenanceDatabase, (client) => letIn(client, namesOf(component, context)));
  await forgetLeftover(context.directory, key(component));
}
