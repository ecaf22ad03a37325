import { describeFailure } from "../../failures.ts";
import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import { type Expectation, runChecks } from "../postgres/checks.ts";
import { type Client, connect } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import { listDatabases } from "./cluster-state.ts";
import { adjust, expectationOf, type Known, mergeChecks } from "./expectation.ts";
import { isCounted } from "./written.ts";

/** Runs the checks on every database of a cluster and merges them into one list. */
export async function checkCluster(
  connection: Connection,
  component: PgBackRestComponent,
  known: Known,
  context: StepContext,
): Promise<{ checks: CheckRecord[]; newestRecoveredAt: string | null }> {
  const found = await listDatabases(connection, component.database);
  const expected = known.state?.databases.map(({ name }) => name) ?? [];
  const lost = expected.filter((name) => !found.includes(name) && stillThere(known, name));
  const parts: { database: string; checks: CheckRecord[] }[] = [];
  let newestRecoveredAt: string | null = null;
  // The sentinel's database first: its checks give the list its order.
  for (const database of found.toSorted(
    (a, b) => Number(b === component.database) - Number(a === component.database),
  )) {
    const result = await checkDatabase(connection, component, known, database, context);
    parts.push({ database, checks: result.checks });
    if (database === component.database) newestRecoveredAt = result.newestRecoveredAt;
  }
  const checks = mergeChecks(parts);
  if (lost.length === 0) return { checks, newestRecoveredAt };
  const missing = `missing databases: ${lost.join(", ")}`;
  return {
    checks: checks.map((check) =>
      check.name === "tables" ? { ...check, passed: false, found: `${missing}; ${check.found}` } : check,
    ),
    newestRecoveredAt,
  };
}

function stillThere({ atLoss }: Known, database: string): boolean {
  return atLoss === undefined || atLoss.databases.some(({ name }) => name === database);
}

async function checkDatabase(
  connection: Connection,
  component: PgBackRestComponent,
  known: Known,
  database: string,
  context: StepContext,
) {
  const readers = (await Promise.all([0, 1].map(async () => await connect(connection, database)))) as [Client, Client];
  const progress = (text: string) => context.progress(`${database}: ${text}`);
  try {
    const expectation = expectationOf(component, known, database, context);
    const first = await runChecks(readers, expectation, progress);
    const differs = first.checks.some(
      ({ name, proven, passed }) => proven && !passed && ["tables", "objects", "large-objects"].includes(name),
    );
    if (!differs || known.atLoss === undefined) return first;
    // Only where something differs it is worth to find out whether it was written after the backup.
    const live = context.run.scenario === "none" ? component.connection : null;
    const adjusting = async () => await adjust(readers[0], expectation, known, database, live);
    const second = await adjusted(readers, expectation, adjusting, progress);
    return { ...second, checks: second.checks.map((check) => largeObjectsWritten(check, known, database)) };
  } finally {
    await Promise.all(readers.map(async (reader) => await reader.end()));
  }
}

async function adjusted(
  readers: [Client, Client],
  expectation: Expectation,
  adjusting: () => Promise<Expectation>,
  progress: (text: string) => void,
) {
  try {
    return await runChecks(readers, await adjusting(), progress);
  } catch (error) {
    // A damaged page stops the look for newer rows; the first result names the damage.
    if (describeFailure(error).type === "SYSTEM_UNREACHABLE") throw error;
    return await runChecks(readers, expectation, progress);
  }
}

/** Large objects have one checksum for all: when any was written after the backup, a difference proves nothing. */
function largeObjectsWritten(check: CheckRecord, known: Known, database: string): CheckRecord {
  if (check.name !== "large-objects" || check.passed) return check;
  const before = known.state?.databases.find(({ name }) => name === database)?.written["pg_largeobject"];
  const after = known.atLoss?.databases.find(({ name }) => name === database)?.written["pg_largeobject"];
  return before === after && isCounted(known, database)
    ? check
    : { ...check, proven: false, exact: false, found: `${check.found}; written after the backup, not comparable` };
}
