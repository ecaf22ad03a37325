import type { Connection, PgBackRestComponent } from "../../plan/schema.ts";
import type { CheckRecord } from "../../report/record.ts";
import { readJson } from "../files.ts";
import { some } from "../postgres/compare.ts";
import { sumTables, type TableSum } from "../postgres/fingerprint.ts";
import { sentinelSchema } from "../postgres/sentinel.ts";
import { withClient } from "../postgres/client.ts";
import type { StepContext } from "../step.ts";
import { type CatalogEntry, catalogFile, listDatabases } from "./cluster-state.ts";

/**
 * After a real loss nobody knows what was written since the backup, so what an earlier run noted about it is only
 * compared by what must not happen: a table that is gone, or empty although it had rows. No check without such a note.
 */
export async function catalogCheck(
  connection: Connection,
  component: PgBackRestComponent,
  label: string,
  context: StepContext,
  systemIdentifier: string,
): Promise<CheckRecord[]> {
  const entry = await readJson<CatalogEntry>(catalogFile(component, context, systemIdentifier, label));
  if (entry === undefined) return [];
  const there = await listDatabases(connection, "template1");
  const [problems, counts] = [[] as string[], { equal: 0, changed: 0 }];
  for (const { name, fingerprint } of entry.state.databases) {
    const found = there.includes(name)
      ? await withClient(connection, name, async (client) => await sumTables([client]))
      : [];
    const compared = compareWithCatalog(fingerprint.tables, found);
    problems.push(...compared.problems.map((problem) => `${name}: ${problem}`));
    counts.equal += compared.equal;
    counts.changed += compared.changed;
  }
  const passed = problems.length === 0;
  return [
    {
      name: "catalog",
      title: "Tables that the backup had",
      proven: counts.equal + counts.changed > 0 || !passed,
      passed,
      exact: counts.changed === 0,
      negativeControl: null,
      expected: "no table is missing, or empty although it had rows",
      found: passed
        ? `${counts.equal} equal, ${counts.changed} changed since the backup`
        : `${some(problems)}; or that was done after the backup`,
    },
  ];
}

export function compareWithCatalog(
  expected: TableSum[],
  found: TableSum[],
): { problems: string[]; equal: number; changed: number } {
  const there = new Map(found.map((table) => [table.name, table]));
  const result = { problems: [] as string[], equal: 0, changed: 0 };
  for (const table of expected.filter(({ name }) => !name.startsWith(`${sentinelSchema}.`))) {
    const now = there.get(table.name);
    if (now === undefined) result.problems.push(`${table.name} is missing`);
    else if (now.rows === 0 && table.rows > 0)
      result.problems.push(`${table.name} is empty instead of ${table.rows} rows`);
    else if (now.rows === table.rows && now.checksum === table.checksum) result.equal += 1;
    else result.changed += 1;
  }
  return result;
}
