import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { amcheck } from "../src/activities/postgres/amcheck.ts";
import { type Client, connect } from "../src/activities/postgres/client.ts";
import { sumTables, takeFingerprint } from "../src/activities/postgres/fingerprint.ts";
import type { Protected } from "./servers.ts";

/** Where drill.sh puts its dump, and the name of its scratch database. */
export const scriptDump = (root: string) => join(root, "script-dump");
export const scriptScratch = "by_script";

/**
 * Writes down what Firedrill asks and calls in a drill, for drill.sh to do the same: statements are overheard from
 * Firedrill's own functions, command lines are those of a drill that has just run.
 * @param run the run's directory below `state/runs`
 * @returns the settings of Firedrill's connections
 */
export async function writeScriptInput(root: string, { component }: Protected, run: string): Promise<string> {
  const sql = join(root, "script-input");
  await mkdir(join(sql, "sums"), { recursive: true });
  const client = await connect(component.connection, component.database);
  try {
    const [all, sums, structure] = [
      await overhear(client, (one) => takeFingerprint([one])),
      (await overhear(client, (one) => sumTables([one]))).slice(1),
      await overhear(client, amcheck),
    ];
    const catalog = all.filter((statement) => !sums.includes(statement));
    await writeFile(join(sql, "catalog.sql"), lines(catalog));
    await writeFile(join(sql, "amcheck.sql"), lines(structure));
    // In the order in which Firedrill reads them: the largest first.
    for (const [n, sum] of sums.entries())
      await writeFile(join(sql, "sums", `${String(n).padStart(4, "0")}.sql`), lines([sum]));
    await writeCommandLines(root, sql, run, component.database);
    return (client as unknown as { connectionParameters: { options: string } }).connectionParameters.options;
  } finally {
    await client.end();
  }
}

async function overhear(client: Client, listenTo: (client: Client) => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const query = async (text: string) => (heard.push(text), await client.query(text));
  await listenTo({ query } as unknown as Client);
  if (heard.length === 0) throw new Error("nothing was asked");
  return heard;
}

function lines(statements: string[]): string {
  return statements.map((statement) => `${statement};\n`).join("");
}

async function writeCommandLines(root: string, sql: string, run: string, database: string): Promise<void> {
  const jobs = join(run, "jobs");
  const argvOf = async (job: RegExp) => {
    const name = (await readdir(jobs)).find((one) => job.test(one)) ?? "";
    return (JSON.parse(await readFile(join(jobs, name, "job.json"), "utf8")) as { argv: string[] }).argv;
  };
  const { pgDump } = JSON.parse((await argvOf(/^backup\..*\.dump\./))[2] ?? "") as { pgDump: string[] };
  const restore = await argvOf(/^restore\..*\.restore\./);
  const toScript = (argument: string) =>
    argument
      .replace(/^(--file=)?\S*\/dumps\/.*\/data$/, `$1${scriptDump(root)}/data`)
      .replace(new RegExp(`^--dbname=${database}_firedrill_.*$`), `--dbname=${scriptScratch}`);
  await writeFile(join(sql, "pg_dump.args"), pgDump.map((argument) => `${toScript(argument)}\n`).join(""));
  await writeFile(join(sql, "pg_restore.args"), restore.map((argument) => `${toScript(argument)}\n`).join(""));
}
