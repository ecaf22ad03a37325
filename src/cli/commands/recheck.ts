import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeVersion } from "../../activities/code-version.ts";
import { fail } from "../../failures.ts";
import { recheck } from "../../report/recheck.ts";
import type { Difference } from "../../report/recheck/differences.ts";
import type { RunRecord } from "../../report/record.ts";
import { seal } from "../../report/seal.ts";
import { note, print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import type { Comparison } from "../recheck/compare.ts";

/** What was found; `seal` and `temporal` only of what has the form of a record. */
interface Result {
  source: string;
  agrees: boolean;
  differences: Difference[];
  seal: string | null;
  temporal: Comparison | null;
}

async function readFileJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw fail("RECORD_INVALID", `cannot read ${file}: ${error.message}`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail("RECORD_INVALID", `${file} is not JSON: ${(error as Error).message}`);
  }
}

/** A record of another run was put into a run's directory; a copy may lie anywhere else. */
function misplaced(file: string, { directory }: RunRecord): Difference[] {
  const here = basename(dirname(resolve(file)));
  const ofRun = /-[0-9a-f]{8}$/.test(here) && basename(file) === "report.json";
  return ofRun && here !== basename(directory)
    ? [{ path: "directory", stands: directory, should: `a directory ${here}, where it lies` }]
    : [];
}

async function check(
  source: string,
  input: unknown,
  held: RunRecord | null,
  misplacedIn: string | null,
): Promise<Result> {
  const { record, found } = recheck(input);
  if (record === null) return { source, agrees: false, differences: found, seal: null, temporal: null };
  const { compareWithTemporal } = await import("../recheck/compare.ts");
  const temporal = await compareWithTemporal(record, held);
  const all = [...found, ...(misplacedIn === null ? [] : misplaced(misplacedIn, record)), ...temporal.differences];
  const once = [...new Map(all.map((one) => [JSON.stringify([one.path, one.should]), one])).values()];
  if (record.codeVersion !== codeVersion)
    note(
      `written by Firedrill ${record.codeVersion}, checked by ${codeVersion}: versions may differ in what they write`,
    );
  return { source, agrees: once.length === 0, differences: once, seal: seal(record), temporal };
}

/** A run is asked for its record; where its file is at hand, the file is what is checked. */
async function checkRun(workflowId: string): Promise<Result> {
  const [{ connectClient }, { fetchRecord }] = await Promise.all([
    import("../../temporal/connect.ts"),
    import("../fetch-record.ts"),
  ]);
  const { client, close } = await connectClient();
  let held: RunRecord;
  try {
    held = await fetchRecord(client, workflowId);
  } finally {
    await close();
  }
  const file = join(held.directory, "report.json");
  if (held.directory === "" || !existsSync(file)) return await check(workflowId, held, held, null);
  return await check(file, await readFileJson(file), held, file);
}

function said(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

function lines({ source, agrees, differences, seal, temporal }: Result): string[] {
  const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
  return [
    `${source}: ${agrees ? "agrees with itself" : count}${agrees && temporal?.compared ? " and with the workflow in Temporal" : ""}`,
    ...differences.flatMap(({ path, stands, should }) => [
      path === "" ? "(whole file)" : path,
      `  stands:    ${said(stands)}`,
      `  should be: ${said(should)}`,
    ]),
    ...(temporal === null || temporal.compared ? [] : [`not compared with the workflow in Temporal: ${temporal.why}`]),
    ...(seal === null ? [] : [`seal: sha256 ${seal}`]),
  ];
}

/**
 * Computes the record again and compares: exit code 0 when all agrees, 1 otherwise.
 * Throws RECORD_INVALID for what is no JSON, and as printReport.
 */
export async function recheckReport(source: string, { json }: { json?: boolean | undefined }): Promise<number> {
  const isFile = existsSync(source) || source.endsWith(".json");
  const result = isFile ? await check(source, await readFileJson(source), null, source) : await checkRun(source);
  if (json === true) printJson(result);
  else print(lines(result).join("\n"));
  return result.agrees ? exitCodes.done : exitCodes.failed;
}
