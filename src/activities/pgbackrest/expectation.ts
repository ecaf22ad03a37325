import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import type { Client } from "../postgres/client.ts";
import { checkNames, type Expectation } from "../postgres/checks.ts";
import { readObjects } from "../postgres/fingerprint.ts";
import { sentinelSchema, sha256 } from "../postgres/sentinel.ts";
import type { StepContext } from "../step.ts";
import type { Backup } from "../verbs.ts";
import { type ClusterAtLoss, type ClusterState, type DatabaseState, readClusterState } from "./cluster-state.ts";
import { recall } from "./memory.ts";
import { deletedLately, isCounted, rowsOf } from "./written.ts";

/** What is known of a cluster: when its backup was made, and right before it was lost. */
export interface Known {
  state: ClusterState | undefined;
  atLoss: ClusterAtLoss | undefined;
  /** Rows of this transaction and later ones were written to the restored cluster, not recovered. */
  nextXid: string | undefined;
  /** Where in WAL recovery ended. */
  position: string | undefined;
}

export async function whatIsKnown(
  component: PgBackRestComponent,
  backup: Backup | null,
  context: StepContext,
): Promise<Known> {
  const state = backup === null ? undefined : await readClusterState(backup.fingerprint);
  const loss = await recall(context, component, "loss");
  const recovered = await recall(context, component, "recovered");
  return { state, atLoss: loss?.state, nextXid: recovered?.nextXid, position: recovered?.position };
}

/** A physical restore may leave sequences up to 32 ahead: that many values are logged in advance (SEQ_LOG_VALS). */
const sequenceSlack = 32;

/** What one database must look like; sentinel and heartbeats lie in the component's own database. */
export function expectationOf(
  component: PgBackRestComponent,
  known: Known,
  database: string,
  context: StepContext,
): Expectation {
  const sentinel =
    context.run.type === "exercise" && database === component.database
      ? { run: context.run.id, sha256: sha256(context.run.nonce) }
      : null;
  const state = known.state?.databases.find(({ name }) => name === database);
  const atLoss = known.atLoss?.databases.find(({ name }) => name === database);
  if (state === undefined) return { sentinel, fingerprint: null, sequenceSlack };
  const fingerprint = {
    ...state.fingerprint,
    sequences: { before: state.fingerprint.sequences.before, after: atLoss?.sequences ?? [] },
  };
  return {
    sentinel,
    fingerprint,
    sequenceSlack,
    explainTable: (table) => changed(table, state, atLoss),
    ...(isCounted(known, database) && { rowsOfTable: (table) => rowsOf(table, state, atLoss) }),
  };
}

/** A table that was written, made anew or dropped between the backup and the loss cannot be compared with the backup. */
function changed(
  table: string,
  state: DatabaseState,
  atLoss: ClusterAtLoss["databases"][number] | undefined,
): string | undefined {
  if (table === `${sentinelSchema}.heartbeat`) return "a heartbeat is written every second";
  if (atLoss === undefined || state.written[table] === atLoss.written[table]) return undefined;
  return "written after the backup";
}

/** Adjusts an expectation to what may legally differ, where only a look at the restored database can tell. */
export async function adjust(
  client: Client,
  expectation: Expectation,
  known: Known,
  database: string,
  live: Connection | null,
): Promise<Expectation> {
  const { fingerprint } = expectation;
  const state = known.state?.databases.find(({ name }) => name === database);
  const atLoss = known.atLoss?.databases.find(({ name }) => name === database);
  if (fingerprint === null || state === undefined || atLoss === undefined) return expectation;
  const objects = eitherObjects(fingerprint.objects, atLoss.objects, await readObjects(client));
  // A table that was dropped after the backup may be there or not, as far as recovery got.
  const { rows } = await client.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind in ('r', 'm')",
  );
  const there = new Set(rows.map(({ name }) => name));
  const tables = fingerprint.tables.filter(({ name }) => there.has(name) || name in atLoss.written);
  const open = tables.filter(({ name }) => expectation.explainTable?.(name) === undefined);
  const newer = await writtenSince(
    client,
    state,
    known.nextXid,
    open.map(({ name }) => name),
  );
  if (!isCounted(known, database))
    for (const name of await deletedLately(client, open, database, live)) newer.add(name);
  return {
    ...expectation,
    fingerprint: { ...fingerprint, objects, tables },
    // It was changed after the backup, and recovery has stopped between two of its changes.
    isChanging: (object) => fingerprint.objects[object] !== atLoss.objects[object],
    explainTable: (table) =>
      expectation.explainTable?.(table) ?? (newer.has(table) ? "written after the backup" : undefined),
  };
}

/** Objects that were changed between backup and loss may look like before or after, all others as in the backup. */
export function eitherObjects(
  before: Record<string, string>,
  after: Record<string, string>,
  found: Record<string, string>,
): Record<string, string> {
  const expected = { ...before };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[name] === after[name] || found[name] !== after[name]) continue;
    if (after[name] === undefined) delete expected[name];
    else expected[name] = after[name];
  }
  return expected;
}

/**
 * Tables with rows of transactions that the snapshot of the backup's fingerprint did not see. The statistics may lag
 * some seconds behind what a session wrote; the rows themselves do not. What was written after recovery counts not.
 */
async function writtenSince(
  client: Client,
  { snapshot }: DatabaseState,
  nextXid: string | undefined,
  tables: string[],
): Promise<Set<string>> {
  const [, next = "0", running = ""] = snapshot.split(":");
  const inProgress = running === "" ? [] : running.split(",").map(xid32);
  const newer = new Set<string>();
  for (const table of tables) {
    const { rows } = await client.query<{ newer: boolean }>(
      `select exists (select from only ${table} where xmin::text = any($2) or (age(xmin) between 0 and age($1::text::xid)
         and coalesce(age(xmin) > age($3::text::xid), true))) as newer`,
      [xid32(next), inProgress, nextXid === undefined ? null : xid32(nextXid)],
    );
    if (rows[0]!.newer) newer.add(table);
  }
  return newer;
}

/** Names of the checks of a whole cluster: those of its databases, and how far recovery got. */
export function clusterCheckNames(component: PgBackRestComponent, known: Known, context: StepContext): string[] {
  return [...checkNames(expectationOf(component, known, component.database, context)), "recovery"];
}

/** The checks of several databases as one list: each check passes where it passes for all of them. */
export function mergeChecks(parts: { database: string; checks: CheckRecord[] }[]): CheckRecord[] {
  const names = [...new Set(parts.flatMap(({ checks }) => checks.map(({ name }) => name)))];
  return names.map((name) => {
    const all = parts.flatMap(({ database, checks }) =>
      checks.filter((check) => check.name === name).map((check) => ({ database, check })),
    );
    // A database without tables proves nothing about tables; it does not spoil what the others prove.
    const telling = all.filter(
      ({ check }) =>
        !(name === "tables" && check.expected.startsWith("0 tables")) && !(name === "not-empty" && !check.passed),
    );
    const counted = telling.length > 0 ? telling : all;
    const text = (key: "expected" | "found") => {
      const values = new Set(counted.map(({ check }) => check[key]));
      return counted.length === 1 || values.size === 1
        ? [...values][0]!
        : counted.map(({ database, check }) => `${database}: ${check[key]}`).join("; ");
    };
    const every = (test: (check: CheckRecord) => boolean) => counted.every(({ check }) => test(check));
    return {
      ...counted[0]!.check,
      proven: every((c) => c.proven),
      passed: every((c) => c.passed),
      exact: every((c) => c.exact),
      expected: text("expected"),
      found: text("found"),
    };
  });
}

/** A snapshot shows transaction numbers of 64 bits, rows those of 32. */
function xid32(xid: string): string {
  return String(BigInt(xid) % (1n << 32n));
}
