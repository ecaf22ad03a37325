import type { Connection } from "../../plan/schema.ts";
import { type Client, withClient } from "../postgres/client.ts";
import type { RowRange } from "../postgres/compare.ts";
import { sumTables, type TableSum } from "../postgres/fingerprint.ts";
import type { ClusterAtLoss, DatabaseState } from "./cluster-state.ts";
import type { Known } from "./expectation.ts";
import { parseLsn } from "./wal.ts";

/** What the statistics of writing prove about a restored database, and where they prove nothing. */

/** True when the statistics at the loss know of all that can have been recovered. */
export function isCounted({ atLoss, position }: Pick<Known, "atLoss" | "position">, database: string): boolean {
  const settled = atLoss?.settled;
  if (settled === undefined || position === undefined || settled.unsettled.includes(database)) return false;
  return parseLsn(position) <= parseLsn(settled.position);
}

/**
 * How many rows a table may have that was written between backup and loss: none that was not deleted can be missing,
 * none that was not inserted can be there. Undefined for a table that got a new file, or whose counts were reset.
 */
export function rowsOf(
  table: string,
  state: DatabaseState,
  atLoss: ClusterAtLoss["databases"][number] | undefined,
): RowRange | undefined {
  const had = state.fingerprint.tables.find(({ name }) => name === table)?.rows;
  const [before, after] = [state.written[table], atLoss?.written[table]].map((text) => text?.split(" ").map(Number));
  if (had === undefined || before === undefined || after === undefined || before[3] !== after[3]) return undefined;
  const [inserted, updated, deleted] = [0, 1, 2].map((n) => after[n]! - before[n]!) as [number, number, number];
  if (inserted < 0 || updated < 0 || deleted < 0) return undefined;
  return { least: Math.max(0, had - deleted), most: had + inserted };
}

/**
 * Tables of which rows are missing although no statistics say that they were deleted, where the statistics may be some
 * seconds late. A live table that still holds what the backup had was not written: then the rows really are missing.
 * @param live the live server, where it was left alone
 */
export async function deletedLately(
  client: Client,
  tables: TableSum[],
  database: string,
  live: Connection | null,
): Promise<string[]> {
  const found = await sumTables(
    [client],
    undefined,
    tables.map(({ name }) => name),
  );
  const short = tables.filter(({ name, rows }) => found.some((table) => table.name === name && table.rows < rows));
  if (live === null || short.length === 0) return short.map(({ name }) => name);
  const names = short.map(({ name }) => name);
  const now = await withClient(live, database, async (one) => await sumTables([one], undefined, names));
  const same = ({ name, rows, checksum }: TableSum) =>
    now.some((table) => table.name === name && table.rows === rows && table.checksum === checksum);
  return short.filter((table) => !same(table)).map(({ name }) => name);
}
