import type { Fingerprint, SequenceValue, TableSum } from "./fingerprint.ts";

/** What a check found. `unable`: it could not be made, which proves nothing. */
export interface Outcome {
  result: "passed" | "failed" | "unable";
  exact: boolean;
  expected: string;
  found: string;
}

/** How many rows a table may have, both ends included. */
export interface RowRange {
  least: number;
  most: number;
}

const plural = (n: number, what: string) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

/** Some of the names, so that a failure says where to look and stays readable. */
export function some(names: string[], most = 5): string {
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

/**
 * Compares rows and checksums table by table.
 * @param explain why a table may differ (it was written after the backup), undefined when nothing explains it
 * @param range how many rows such a table may have, undefined when nobody counted what was written
 */
export function compareTables(
  expected: TableSum[],
  found: TableSum[],
  explain: (table: string) => string | undefined = () => undefined,
  range: (table: string) => RowRange | undefined = () => undefined,
): Outcome {
  const byName = new Map(found.map((table) => [table.name, table]));
  const problems: string[] = [];
  const explained: string[] = [];
  for (const table of expected) {
    const other = byName.get(table.name);
    byName.delete(table.name);
    if (other === undefined) problems.push(`${table.name} is missing`);
    else if (other.rows !== table.rows || other.checksum !== table.checksum) {
      const rows = range(table.name);
      if (explain(table.name) === undefined) problems.push(difference(table, other));
      else if (rows !== undefined && (other.rows < rows.least || other.rows > rows.most))
        problems.push(outside(other, rows));
      else explained.push(table.name);
    }
  }
  const compared = expected.length - explained.length;
  for (const extra of byName.keys()) {
    if (explain(extra) === undefined) problems.push(`${extra} was not in the backup`);
    else explained.push(extra);
  }
  const rows = expected.reduce((sum, table) => sum + table.rows, 0);
  const good =
    explained.length === 0
      ? "all equal"
      : `${plural(compared, "table")} equal; not comparable, written after the backup: ${some(explained)}`;
  return {
    result: problems.length > 0 ? "failed" : expected.length === 0 || compared <= 0 ? "unable" : "passed",
    exact: explained.length === 0,
    expected: `${plural(expected.length, "table")}, ${plural(rows, "row")}, checksum of each`,
    found: problems.length > 0 ? some(problems) : good,
  };
}

function outside({ name, rows }: TableSum, { least, most }: RowRange): string {
  const can =
    least === most ? least.toLocaleString("en") : `${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
  return `${name} has ${plural(rows, "row")}; ${can} can be left of what the backup had and what was written after it`;
}

function difference(expected: TableSum, found: TableSum): string {
  if (expected.rows === found.rows) return `${expected.name} has other content in its ${plural(found.rows, "row")}`;
  return `${expected.name} has ${plural(found.rows, "row")} instead of ${expected.rows.toLocaleString("en")}`;
}

/**
 * Compares definitions. Across major versions PostgreSQL may write the same definition in other words, and so may we across
 * versions of the queries: only names count then.
 * @param changing whether an object was changed after the backup, so that nobody knows at which of its changes recovery has stopped
 */
export function compareObjects(
  expected: Fingerprint,
  found: Pick<Fingerprint, "objects" | "serverVersion" | "catalog">,
  changing: (object: string) => boolean = () => false,
): Outcome {
  const known = expected.catalog === found.catalog;
  const exact = known && Math.floor(expected.serverVersion / 10_000) === Math.floor(found.serverVersion / 10_000);
  const problems: string[] = [];
  const explained: string[] = [];
  for (const [name, md5] of Object.entries(expected.objects)) {
    const other = found.objects[name];
    if (other === undefined) problems.push(`${name} is missing`);
    else if (exact && other !== md5) {
      if (changing(name)) explained.push(name);
      else problems.push(`${name} is defined or granted differently`);
    }
  }
  for (const name of Object.keys(found.objects))
    if (known && !(name in expected.objects)) problems.push(`${name} was not in the backup`);
  const good =
    explained.length === 0
      ? "all equal"
      : `all others equal; not comparable, changed after the backup and like neither before nor after: ${some(explained)}`;
  return {
    result: problems.length > 0 ? "failed" : "passed",
    exact: exact && explained.length === 0,
    expected: `${plural(Object.keys(expected.objects).length, "object")}: ${exact ? "definition, owner and grants" : "by name, another version"}`,
    found: problems.length > 0 ? some(problems) : good,
  };
}

/**
 * Sequences do not obey snapshots: the dump holds a value between those read before and after it.
 * @param slack how many steps a sequence may be ahead: 0 for a logical restore, 32 after crash recovery (SEQ_LOG_VALS),
 * where unlogged sequences begin anew
 */
export function compareSequences(expected: Fingerprint["sequences"], found: SequenceValue[], slack: number): Outcome {
  const values = new Map(found.map((sequence) => [sequence.name, sequence]));
  const after = new Map(expected.after.map((sequence) => [sequence.name, sequence]));
  const problems: string[] = [];
  let exact = true;
  for (const before of expected.before) {
    const end = after.get(before.name);
    const now = values.get(before.name);
    if (end === undefined || before.cycle || (before.unlogged && slack > 0)) exact = false;
    else if (now === undefined) problems.push(`${before.name} is missing`);
    else if (!between(before, now, end, slack))
      problems.push(`${before.name} ${stand(now)}, expected ${range(before, end)}`);
    if (end?.value !== before.value || slack > 0) exact = false;
  }
  return {
    result: problems.length > 0 ? "failed" : "passed",
    exact,
    expected: `${plural(expected.before.length, "sequence")} within what was read around the backup`,
    found: problems.length > 0 ? some(problems) : "all within",
  };
}

function between(before: SequenceValue, now: SequenceValue, after: SequenceValue, slack: number): boolean {
  if (now.value === null)
    return (
      (before.value === null && before.begins === now.begins) || (after.value === null && after.begins === now.begins)
    );
  const step = BigInt(before.increment);
  const [low, high, at] = [before.value, after.value, now.value].map((value) =>
    value === null ? undefined : BigInt(value),
  );
  const last = high === undefined ? undefined : high + step * BigInt(slack);
  if (at === undefined || last === undefined) return false;
  return step > 0n ? (low === undefined || at >= low) && at <= last : (low === undefined || at <= low) && at >= last;
}

function stand({ value, begins }: SequenceValue): string {
  return value === null ? `is unused and begins at ${begins}` : `stands at ${value}`;
}

function range(before: SequenceValue, after: SequenceValue): string {
  const [low, high] = [before, after].map(({ value, begins }) => value ?? `unused, to begin at ${begins}`);
  return low === high ? low! : `${low} to ${high}`;
}

/** Compares lists of things by their JSON, for roles and settings. */
export function compareLists<T>(what: string, expected: T[], found: T[], nameOf: (item: T) => string): Outcome {
  const there = new Map(found.map((item) => [nameOf(item), JSON.stringify(item)]));
  const problems = expected.flatMap((item) => {
    const other = there.get(nameOf(item));
    if (other === undefined) return [`${nameOf(item)} is missing`];
    return other === JSON.stringify(item) ? [] : [`${nameOf(item)} differs`];
  });
  const names = new Set(expected.map(nameOf));
  for (const name of there.keys()) if (!names.has(name)) problems.push(`${name} was not in the backup`);
  return {
    result: problems.length > 0 ? "failed" : "passed",
    exact: true,
    expected: plural(expected.length, what),
    found: problems.length > 0 ? some(problems) : "all equal",
  };
}

export function compareLargeObjects(
  expected: Fingerprint["largeObjects"],
  found: Fingerprint["largeObjects"],
): Outcome {
  const readable = expected.checksum !== null && found.checksum !== null;
  const equal = expected.count === found.count && (!readable || expected.checksum === found.checksum);
  const same = equal && expected.owners === found.owners;
  const counted = plural(found.count, "large object");
  const content = equal ? "other owners or grants" : expected.count === found.count ? "other content" : counted;
  return {
    result: same ? "passed" : "failed",
    exact: readable,
    expected: `${plural(expected.count, "large object")}${readable ? ", checksum of all" : ", only counted: pg_largeobject is not readable"}`,
    found: same ? "all equal" : content,
  };
}
