import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { PgDumpComponent } from "../../plan/schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import { readJson, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import { forgetLeftover, listLeftovers, noteLeftover } from "../leftovers.ts";
import { type Client, describePlace, identifier, withClient } from "../postgres/client.ts";
import { findSentinel, isRemoved, noteForeignSentinels, sha256 } from "../postgres/sentinel.ts";
import { serverNow } from "../postgres/server.ts";
import type { StepContext } from "../step.ts";
import type { Restored, Verification } from "../verbs.ts";
import { nameWith } from "./scratch-name.ts";
import { inspectPgDump } from "./inspect.ts";
import { forgetNeeded } from "./needed.ts";
import { databaseExists, oidOf } from "./oid.ts";

interface Input {
  component: PgDumpComponent;
  restored: Restored;
  proven: boolean;
}

/**
 * Renames the verified scratch database to the name of the lost one. What still bears that name is renamed, never
 * dropped, in a run that restores after a real loss; in an exercise it must not be there.
 */
export async function placePgDump(input: Input, context: StepContext): Promise<Verification> {
  const { component, restored } = input;
  return await placeBy(input, context, async (client) => {
    if (await databaseExists(client, component.database)) await moveAside(client, component, context);
    await rename(client, restored.place, component.database);
  });
}

/**
 * Puts the restored database into place and looks whether it is there.
 * @param swap gives it the name; not called where an attempt before has done that
 * @param settle what is left to do then, also for an attempt after that
 */
export async function placeBy(
  { component, restored, proven }: Input,
  context: StepContext,
  swap: (client: Client) => Promise<void>,
  settle: () => Promise<void> = () => Promise.resolve(),
): Promise<Verification> {
  const { connection, database, maintenanceDatabase } = component;
  const oid = await withClient(connection, maintenanceDatabase, async (client) => {
    const oid = await rememberOid(client, restored.place, placeFile(component, context));
    const name = await nameOf(client, oid);
    if (name === restored.place) await swap(client);
    else if (name !== database)
      throw fail("TARGET_GONE", `the restored database ${describePlace(connection, restored.place)} is gone`);
    return oid;
  });
  await settle();
  // What is not proven to be back may be in the dump alone.
  if (proven) await forgetNeeded(component, restored.backup.id);
  await noteForeignSentinels(context, component.name, connection, database);
  await forgetLeftover(context.directory, `scratch.${component.name}`);
  return withClient(connection, database, (client) => checkPlace(client, component, oid, context));
}

const placeFile = ({ name }: PgDumpComponent, { directory }: StepContext) => join(directory, `place.${name}.json`);

/** OID of the database that this run puts, or has put, into place; undefined before it began to. */
export async function placedOid(component: PgDumpComponent, context: StepContext): Promise<number | undefined> {
  return (await readJson<{ oid: number }>(placeFile(component, context)))?.oid;
}

/** A database keeps its OID when it is renamed: an attempt after a crash cannot take another one for it. */
async function rememberOid(client: Client, place: string, file: string): Promise<number> {
  const known = await readJson<{ oid: number }>(file);
  if (known !== undefined) return known.oid;
  const oid = await oidOf(client, place);
  if (oid === undefined) throw fail("TARGET_GONE", `the restored database ${place} is gone`);
  await writeAtomically(file, JSON.stringify({ oid }));
  return oid;
}

async function nameOf(client: Client, oid: number): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>("select datname as name from pg_database where oid = $1", [
    oid,
  ]);
  return rows[0]?.name;
}

/** What applications reach under the name must be the very database that was verified, with this exercise's sentinel. */
export async function checkPlace(
  client: Client,
  component: PgDumpComponent,
  oid: number,
  { run }: StepContext,
): Promise<Verification> {
  const found = await oidOf(client, component.database);
  const wanted = run.type === "exercise" ? sha256(run.nonce) : null;
  const { nonceSha256 } = await findSentinel(client, run.id);
  const has = nonceSha256 === wanted || isRemoved(run, nonceSha256);
  const check: CheckRecord = {
    name: "place",
    title: "In place under its own name",
    proven: true,
    passed: found === oid && has,
    exact: true,
    negativeControl: null,
    expected: `${describePlace(component.connection, component.database)} is the verified database, OID ${oid}`,
    found: `OID ${found}${wanted === null ? "" : has ? withSentinel(nonceSha256) : ", without the sentinel"}`,
  };
  return {
    checks: [check],
    newestRecoveredAt: null,
    verifiedAt: await serverNow(client),
    note: `${component.database} is OID ${oid}`,
  };
}

const withSentinel = (nonceSha256: string | null) =>
  nonceSha256 === null ? ", its sentinel was removed when the run before was closed" : ", with the sentinel";

async function moveAside(client: Client, component: PgDumpComponent, context: StepContext): Promise<void> {
  const { connection, database, maintenanceDatabase } = component;
  if (context.run.type === "exercise")
    throw fail("TARGET_EXISTS", `somebody made ${describePlace(connection, database)} anew meanwhile`);
  // An attempt that died while it was shut out left it so; nobody could look at it.
  const noted = await listLeftovers(context.directory);
  if (noted.some(({ key }) => key === `locked.${component.name}`)) await letIn(client, [database]);
  await requireClear((await inspectPgDump({ component, toTime: null }, context)).facts, null, context);
  const aside = await noteAside(component, context);
  const locked = { kind: "locked-out", connection, maintenanceDatabase, databases: [database, aside] } as const;
  await noteLeftover(context.directory, `locked.${component.name}`, locked);
  // Applications reconnect quickly, and nobody may be connected while a database is renamed: shut them out first.
  await client.query(`alter database ${identifier(database)} with allow_connections false`);
  try {
    await rename(client, database, aside);
  } finally {
    await letIn(client, locked.databases);
    await forgetLeftover(context.directory, `locked.${component.name}`);
  }
}

/** @returns the name under which what is in the way is kept */
export async function noteAside(
  { name, connection, database, maintenanceDatabase }: PgDumpComponent,
  { directory, run }: StepContext,
): Promise<string> {
  const aside = nameWith(database, `_before_${run.short}`);
  await noteLeftover(directory, `aside.${name}`, {
    kind: "database",
    connection,
    maintenanceDatabase,
    database: aside,
    keep: `it is what ${database} was before the restore: drop it when it is not needed any more`,
  });
  return aside;
}

async function rename(client: Client, from: string, to: string): Promise<void> {
  await endSessions(client, [from]);
  await client.query(`alter database ${identifier(from)} rename to ${identifier(to)}`);
}

export async function endSessions(client: Client, databases: string[]): Promise<void> {
  await client.query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = any($1)", [
    databases,
  ]);
}

/** Lets applications in again, under whichever of the names there is. */
export async function letIn(client: Client, databases: readonly string[]): Promise<void> {
  for (const database of databases) {
    if (await databaseExists(client, database))
      await client.query(`alter database ${identifier(database)} with allow_connections true`);
  }
}
