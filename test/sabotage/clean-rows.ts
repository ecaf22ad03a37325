import { randomOf } from "../support/random.ts";
import { type DataSet, dataSets } from "./clean-data.ts";
import { type Traffic, traffics } from "./clean-traffic.ts";

/** One drill of one database that must pass: a plan, what is in the database, and what is written meanwhile. */
export interface CleanRow {
  run: "exercise" | "exercise beside" | "backup" | "restore" | "restore of a plain dump";
  data: DataSet;
  traffic: Traffic;
  database: string;
  /** How the worker connects, and as whom: a superuser, or the owner of the database, who may create databases. */
  connection: "tcp" | "tls" | "socket" | "owner";
  format: "directory" | "custom";
  jobs: number;
  retention: object;
  objectives: object;
}

const values: { [Key in keyof CleanRow]: readonly CleanRow[Key][] } = {
  run: ["exercise", "exercise beside", "exercise", "restore", "backup", "exercise", "restore of a plain dump"],
  data: Object.keys(dataSets) as DataSet[],
  traffic: Object.keys(traffics) as Traffic[],
  // The longest one fills PostgreSQL's 63 bytes; ü takes two.
  database: ["shop2", "Shop", "a b", "ü", `${"ü".repeat(31)}x`, `it's "quoted"`, "select", "x-1.y", "%d$1\\n", "0"],
  connection: ["tcp", "tls", "socket", "tcp", "owner"],
  format: ["directory", "custom"],
  jobs: [1, 2, 3, 4],
  retention: [{}, { count: 1 }, { count: 2, age: "1d" }],
  objectives: [{}, { rto: "5m", rpo: "5m" }, { rto: "2m" }],
};

/**
 * Rows that a seed decides. Each key takes its values from a shuffled pile, so that all of them come up equally often and
 * meet each other by chance.
 * @param fixed keys that are the same in all rows
 */
export function cleanRows(count: number, seed: number, fixed: Partial<CleanRow> = {}): CleanRow[] {
  const random = randomOf(seed);
  const piles = new Map<string, unknown[]>();
  const draw = (key: keyof CleanRow): unknown => {
    const pile = piles.get(key) ?? [];
    if (pile.length === 0) pile.push(...shuffled<unknown>(values[key], random));
    piles.set(key, pile);
    return pile.pop();
  };
  return Array.from({ length: count }, () => {
    const keys = Object.keys(values) as (keyof CleanRow)[];
    const drawn = Object.fromEntries(keys.map((key) => [key, draw(key)])) as unknown as CleanRow;
    return possible({ ...drawn, ...fixed });
  });
}

function shuffled<Value>(list: readonly Value[], random: () => number): Value[] {
  return list
    .map((value) => ({ value, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}

/** What cannot be is made another row. */
function possible(row: CleanRow): CleanRow {
  // Only superusers make all kinds of objects, read large objects of others and use amcheck.
  if (row.connection === "owner" && dataSets[row.data].superuser) return possible({ ...row, connection: "tcp" });
  // Parallel pg_dump gives up where somebody waits for a lock on a table; documentation, pg_dump, --jobs.
  if (["DDL", "truncates"].includes(row.traffic) && row.format === "directory" && row.jobs > 1)
    return possible({ ...row, format: "custom" });
  // A plain dump does not hold the database's settings.
  if (row.run === "restore of a plain dump" && row.data === "needs its settings")
    return possible({ ...row, data: "partitions" });
  // Nothing comes back of an empty database but the run's own sentinel, which only exercises plant.
  if (row.data === "empty" && row.run.startsWith("restore")) return possible({ ...row, data: "one row" });
  return row;
}

/** Of a row, for people: what differs from a plain plan. */
export function describeRow(row: CleanRow): string {
  const { run, data, traffic, database, connection, format, jobs, retention, objectives } = row;
  const extra = (name: string, value: object) =>
    Object.entries(value).length === 0 ? [] : [`${name} ${JSON.stringify(value).replaceAll(/["{}]/g, "")}`];
  const parts = [
    `database ${database}: ${data}`,
    traffic === "none" ? "nobody writes" : `writers: ${traffic}`,
    connection === "owner" ? "by its owner" : `by ${connection}`,
    `${format}, ${jobs} jobs`,
    ...extra("retention", retention),
    ...extra("objectives", objectives),
  ];
  return `${run}; ${parts.join("; ")}`;
}
