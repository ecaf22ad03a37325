import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { codeVersion } from "../../activities/code-version.ts";
import { trailFile } from "../../activities/trail.ts";
import { readRegularFile } from "../../regular-file.ts";
import { recheck } from "../../report/recheck.ts";
import type { Difference } from "../../report/recheck/differences.ts";
import type { RunRecord } from "../../report/record.ts";
import { visible } from "../../report/safe-text.ts";
import { readJson } from "../../report/schema.ts";
import { seal } from "../../report/seal.ts";
import { checkTrail } from "../../report/trail.ts";
import { note, print, printJson } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import type { Comparison } from "../recheck/compare.ts";
import { isRecordFile, readRecordFile } from "../record-file.ts";
import { withTemporal } from "../with-temporal.ts";

/** What was found; `seal` and `temporal` only of what has the form of a record. */
interface Result {
  source: string;
  agrees: boolean;
  differences: Difference[];
  seal: string | null;
  temporal: Comparison | null;
}

async function readRecordJson(file: string): Promise<unknown> {
  return readJson(await readRecordFile(file), file);
}

/** Whether a file is the record of a run where its worker keeps it; a copy may lie anywhere else. */
function isInItsPlace(file: string): boolean {
  return /-[0-9a-f]{8}$/.test(basename(dirname(resolve(file)))) && basename(file) === "report.json";
}

/** The audit trail beside a record. One that was taken away is a difference where the worker has written it. */
async function trail(file: string, record: RunRecord): Promise<Difference[]> {
  const path = trailFile(dirname(file));
  if (existsSync(path)) return checkTrail(await readRegularFile(path), record);
  return isInItsPlace(file) ? [{ path: "trail", stands: undefined, should: `the file ${path}` }] : [];
}

/** A record of another run was put into a run's directory. */
function misplaced(file: string, { directory }: RunRecord): Difference[] {
  const here = basename(dirname(resolve(file)));
  return isInItsPlace(file) && here !== basename(directory)
    ? [{ path: "directory", stands: directory, should: `a directory ${here}, where it lies` }]
    : [];
}

async function check(source: string, input: unknown, held: RunRecord | null, file: string | null): Promise<Result> {
  const { record, found } = recheck(input);
  if (record === null) return { source, agrees: false, differences: found, seal: null, temporal: null };
  const { compareWithTemporal } = await import("../recheck/compare.ts");
  const temporal = await compareWithTemporal(record, held);
  const ofFile = file === null ? [] : [...misplaced(file, record), ...(await trail(file, record))];
  const all = [...found, ...ofFile, ...temporal.differences];
  const once = [...new Map(all.map((one) => [JSON.stringify([one.path, one.should]), one])).values()];
  if (record.codeVersion !== codeVersion)
    note(
      `written by Firedrill ${record.codeVersion}, checked by ${codeVersion}: versions may differ in what they write`,
    );
  return { source, agrees: once.length === 0, differences: once, seal: seal(record), temporal };
}

/** A run is asked for its record; where its file is at hand, the file is what is checked. */
async function checkRun(workflowId: string): Promise<Result> {
  const { fetchRecord } = await import("../fetch-record.ts");
  const held = await withTemporal((client) => fetchRecord(client, workflowId));
  const file = join(held.directory, "report.json");
  if (held.directory === "" || !existsSync(file)) return await check(workflowId, held, held, null);
  return await check(file, await readRecordJson(file), held, file);
}

function said(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(/\s*\n\s*/g, " ");
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
  const result = isRecordFile(source)
    ? await check(source, await readRecordJson(source), null, source)
    : await checkRun(source);
  if (json === true) printJson(result);
  // What is compared is what stands there; what could deceive is left out only where people read it.
  else print(lines(visible(result)).join("\n"));
  return result.agrees ? exitCodes.done : exitCodes.failed;
}
