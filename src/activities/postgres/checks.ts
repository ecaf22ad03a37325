import type { CheckRecord } from "../../report/record.ts";
import { describeFailure } from "../../failures.ts";
import { amcheck } from "./amcheck.ts";
import { type Client, queryFailure } from "./client.ts";
import {
  compareLargeObjects,
  compareLists,
  compareObjects,
  compareSequences,
  compareTables,
  type Outcome,
  type RowRange,
} from "./compare.ts";
import { type Fingerprint, readSequences, takeFingerprint } from "./fingerprint.ts";
import { checkIndexes } from "./invalid-indexes.ts";
import { findSentinel } from "./sentinel.ts";

/** What a restored database is compared with. */
export interface Expectation {
  /** The run that planted the sentinel, and the sentinel's sha256; null when there is none in the backup. */
  sentinel: { run: string; sha256: string } | null;
  /** null for a backup that somebody else made. */
  fingerprint: Fingerprint | null;
  /** See compareSequences. */
  sequenceSlack: number;
  /** Why a table may differ; see compareTables. */
  explainTable?: (table: string) => string | undefined;
  /** Whether an object was changed so often that nobody knows what it must be; see compareObjects. */
  isChanging?: (object: string) => boolean;
  /** How many rows a table may have that was written meanwhile; see compareTables. */
  rowsOfTable?: (table: string) => RowRange | undefined;
}

const titles = {
  sentinel: "Sentinel of this run",
  heartbeats: "Heartbeats without a gap",
  tables: "Rows and checksums of tables",
  objects: "Definitions, owners and grants",
  sequences: "Sequences",
  roles: "Roles",
  settings: "Settings of the database",
  "large-objects": "Large objects",
  "not-empty": "Tables with rows",
  indexes: "Valid indexes",
  amcheck: "Structure of tables and indexes (amcheck)",
} as const;
type Name = keyof typeof titles;

/** The checks that an expectation asks for, in the order of the report. */
export function checkNames(expectation: Expectation): Name[] {
  const sentinel: Name[] = expectation.sentinel ? ["sentinel", "heartbeats"] : [];
  const content: Name[] = expectation.fingerprint
    ? ["tables", "objects", "sequences", "roles", "settings", "large-objects"]
    : ["not-empty"];
  return [...sentinel, ...content, "indexes", "amcheck"];
}

/** The result of checks that ask a database which is not there: each fails, and says why. */
export function failAll(expectation: Expectation, found: string): Pick<CheckRecord, "name" | "passed" | "found">[] {
  return checkNames(expectation).map((name) => ({ name, passed: false, found }));
}

/**
 * Runs all checks against a restored database and returns what each found; it throws only when a connection breaks.
 * @param readers connections for reading tables in parallel; the first also runs the other checks
 */
export async function runChecks(
  readers: [Client, ...Client[]],
  expectation: Expectation,
  progress: (text: string) => void,
): Promise<{ checks: CheckRecord[]; newestRecoveredAt: string | null }> {
  const [client] = readers;
  const found = await findSentinel(client, expectation.sentinel?.run ?? "");
  progress("reading every row");
  const outcomes: Partial<Record<Name, Outcome>> = {};
  const taken = await attempt(() => takeFingerprint(readers, (done, of) => progress(`read ${done} of ${of} tables`)));
  const sequences = await readSequences(client);
  if (expectation.sentinel) {
    outcomes.sentinel = compareSentinel(expectation.sentinel.sha256, found.nonceSha256);
    outcomes.heartbeats = contiguous(found);
  }
  const { fingerprint } = expectation;
  for (const name of checkNames(expectation)) {
    if (name in outcomes) continue;
    progress(titles[name]);
    if (name === "indexes") outcomes[name] = await checkIndexes(client, fingerprint?.invalidIndexes);
    else if (name === "amcheck") outcomes[name] = await amcheck(client);
    else if (taken instanceof Error)
      outcomes[name] = {
        result: "failed",
        exact: true,
        expected: "every row can be read",
        found: describeFailure(taken).message,
      };
    else outcomes[name] = compare(name, expectation, fingerprint, taken, sequences);
  }
  return {
    checks: checkNames(expectation).map((name) => toRecord(name, outcomes[name]!)),
    newestRecoveredAt: found.newestAt,
  };
}

async function attempt<T>(read: () => Promise<T>): Promise<T | Error> {
  try {
    return await read();
  } catch (error) {
    // A page that cannot be read is what a check is there to find; a broken connection is not.
    const failure = queryFailure(error, "reading") as Error;
    if (describeFailure(failure).type === "PROGRAM_FAILED") return failure;
    throw failure;
  }
}

function compare(
  name: Name,
  expectation: Expectation,
  expected: Fingerprint | null,
  taken: Awaited<ReturnType<typeof takeFingerprint>>,
  sequences: Fingerprint["sequences"]["after"],
): Outcome {
  if (expected === null) return notEmpty(taken);
  switch (name) {
    case "tables":
      return compareTables(expected.tables, taken.tables, expectation.explainTable, expectation.rowsOfTable);
    case "objects":
      return compareObjects(expected, taken, expectation.isChanging);
    case "sequences":
      return compareSequences(expected.sequences, sequences, expectation.sequenceSlack);
    case "roles":
      return compareLists("role", expected.roles, taken.roles, (role) => role.name);
    case "settings":
      return compareLists("setting", expected.settings, taken.settings, nameOfSetting);
    case "large-objects":
      return compareLargeObjects(expected.largeObjects, taken.largeObjects);
    case "sentinel":
    case "heartbeats":
    case "not-empty":
    case "indexes":
    case "amcheck":
      throw new Error(`${name} is not a comparison of fingerprints`);
  }
}

/** Without its value, which may be a secret of the application. */
function nameOfSetting({ role, setting }: Fingerprint["settings"][number]): string {
  const name = setting.slice(0, setting.indexOf("="));
  return role === "" ? name : `${role}: ${name}`;
}

function compareSentinel(expected: string, found: string | null): Outcome {
  return {
    result: expected === found ? "passed" : "failed",
    exact: true,
    expected: `sha256 ${expected.slice(0, 16)}…`,
    found: found === null ? "no sentinel" : `sha256 ${found.slice(0, 16)}…`,
  };
}

function contiguous({ heartbeats, first, last }: Awaited<ReturnType<typeof findSentinel>>): Outcome {
  const whole = heartbeats > 0 && last - first + 1 === heartbeats;
  return {
    result: whole ? "passed" : "failed",
    exact: true,
    expected: "numbers without a hole",
    found: heartbeats === 0 ? "no heartbeat" : `${heartbeats} heartbeats, ${first} to ${last}`,
  };
}

function notEmpty(taken: { tables: { rows: number }[] }): Outcome {
  const rows = taken.tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    result: rows > 0 ? "passed" : "failed",
    exact: false,
    expected: "at least one row",
    found: `${taken.tables.length} tables, ${rows.toLocaleString("en")} rows`,
  };
}

function toRecord(name: Name, outcome: Outcome): CheckRecord {
  const { result, exact, expected, found } = outcome;
  return {
    name,
    title: titles[name],
    proven: result !== "unable",
    passed: result === "passed",
    exact,
    negativeControl: null,
    expected,
    found,
  };
}
