import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import prettyBytes from "pretty-bytes";
import type { Connection, PgDumpComponent } from "../../plan/schema.ts";
import { targetOf } from "../../plan/target.ts";
import { assertWritable, exists, freeBytes } from "../files.ts";
import { connect, withClient } from "../postgres/client.ts";
import { databaseLock } from "../postgres/locks.ts";
import { inspectServer, type Server } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Inspection } from "../verbs.ts";
import { newestBackup } from "./choose.ts";
import { programs } from "./programs.ts";
import { requireCreate, requireSettable } from "./rights.ts";

/** Looks at the server, the database, our programs and the place for dumps; changes nothing. */
export async function inspectPgDump(
  { component, toTime }: { component: PgDumpComponent; toTime: string | null },
  context: StepContext,
): Promise<Inspection> {
  const { connection, database, maintenanceDatabase } = component;
  const server = await withClient(connection, maintenanceDatabase, async (client) => {
    const about = await inspectServer(client);
    if (context.run.type !== "backup") {
      await requireCreate(client, component);
      await requireSettable(client, component, about.versionNumber);
    }
    return about;
  });
  await programs(server.versionNumber);
  const bytes = await databaseSize(component);
  // An audit leaves no trace.
  if (context.run.type !== "audit") await assertWritable(component.dumps);
  const chosen = context.run.type === "restore" ? await newestBackup(component, toTime, context.run.plan) : null;
  const { systemIdentifier: identity } = server;
  const place = targetOf(component);
  return {
    target: place,
    note: `PostgreSQL ${server.version}, ${bytes === null ? "no such database" : prettyBytes(bytes, { binary: true })}${chosen ? `; newest backup ${chosen.id}` : ""}`,
    facts: {
      name: component.name,
      kind: component.kind,
      target: place,
      lock: databaseLock(identity, database),
      exists: bytes !== null,
      identity,
      listed: isListed(component, identity, context),
      listLine: listLine(component, identity),
      denied: await deniedReason(component),
      inRecovery: server.inRecovery,
      replicas: 0,
      tablespacesOutside: [],
      insideTarget: await insideData(component, server, context),
      archiving: null,
      space: {
        path: component.dumps,
        freeBytes: await freeBytes(component.dumps),
        neededBytes: context.run.type === "restore" ? 0 : (bytes ?? 0) + component.keepFree,
      },
    },
  };
}

/** Whether the worker's configuration lets this database of this very server be destroyed. */
function isListed(
  { connection, database }: PgDumpComponent,
  identity: string,
  { config }: Pick<StepContext, "config">,
): boolean {
  return config.mayDestroy.some(
    (target) =>
      "database" in target &&
      target.systemIdentifier === identity &&
      target.server === serverOf(connection) &&
      target.database === database,
  );
}

function serverOf({ host, port }: Connection): string {
  return `${host}:${port}`;
}

/** The line of the worker's configuration that lists the database; JSON strings are YAML. */
function listLine({ connection, database }: PgDumpComponent, identity: string): string {
  const name = /^[\w-]+$/.test(database) ? database : JSON.stringify(database);
  return `- { systemIdentifier: "${identity}", server: "${serverOf(connection)}", database: ${name} }`;
}

/** Size in bytes, null when there is no such database. */
async function databaseSize({ connection, database, maintenanceDatabase }: PgDumpComponent): Promise<number | null> {
  const bytes = await withClient(connection, maintenanceDatabase, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      "select pg_database_size(oid)::text as bytes from pg_database where datname = $1",
      [database],
    );
    return rows[0] === undefined ? null : Number(rows[0].bytes);
  });
  // Being there is not enough: the user must be able to connect.
  if (bytes !== null) await (await connect(connection, database)).end();
  return bytes;
}

async function deniedReason({ connection, database, maintenanceDatabase }: PgDumpComponent): Promise<string | null> {
  if (database === maintenanceDatabase) return "it is the maintenance database that Firedrill connects to meanwhile";
  const { rows } = await withClient(connection, maintenanceDatabase, (client) =>
    client.query<{ reason: string | null }>(
      `select case when d.datistemplate then 'it is a template database'
         when exists (select from pg_subscription where subdbid = d.oid) then 'it has subscriptions, which a dump does not bring back'
         when exists (select from pg_replication_slots where database = d.datname) then 'it has logical replication slots, which a dump does not bring back'
         when exists (select from pg_prepared_xacts where database = d.datname) then 'it has prepared transactions, which a dump does not bring back' end as reason
       from pg_database d where d.datname = $1`,
      [database],
    ),
  );
  return rows[0]?.reason ?? null;
}

/** Dumps, records and run directories that would go together with the server, were it lost; only seen on the same host. */
async function insideData(component: PgDumpComponent, server: Server, { config }: StepContext): Promise<string[]> {
  const { dataDirectory } = server;
  if (dataDirectory === "" || !(await exists(join(dataDirectory, "PG_VERSION")))) return [];
  const data = await realpath(dataDirectory);
  const paths = await Promise.all(
    [component.dumps, config.records, config.state].map(async (path) => ((await exists(path)) ? realpath(path) : path)),
  );
  return paths.filter((path) => path === data || path.startsWith(data + sep));
}
