import type { RunRecord } from "../../report/record.ts";
import { visibleJson } from "../../report/safe-text.ts";
import { parseRecord } from "../../report/schema.ts";
import { note, print } from "../console.ts";
import { exitCodes } from "../outcome.ts";
import { writeOutput } from "../output-file.ts";
import { isRecordFile, readRecordFile } from "../record-file.ts";
import { withTemporal } from "../with-temporal.ts";

type Format = "md" | "json" | "html";

async function read(source: string): Promise<RunRecord> {
  if (isRecordFile(source)) return parseRecord(await readRecordFile(source), source);
  // A file needs neither Temporal nor its SDK.
  const { fetchRecord } = await import("../fetch-record.ts");
  return await withTemporal((client) => fetchRecord(client, source));
}

async function render(record: RunRecord, format: Format): Promise<string> {
  if (format === "html") return (await import("../../report/html.ts")).renderHtml(record);
  if (format === "md") return (await import("../../report/markdown.ts")).renderMarkdown(record);
  return visibleJson(record);
}

/** Throws REQUEST_INVALID (no such run or file), RECORD_INVALID, SYSTEM_UNREACHABLE, DISK_FULL. */
export async function printReport(
  source: string,
  { format, output }: { format: Format; output?: string },
): Promise<number> {
  const text = await render(await read(source), format);
  if (output === undefined) print(text.trimEnd());
  else {
    await writeOutput(output, `${text.trimEnd()}\n`, 0o666);
    note(`wrote ${output}`);
  }
  return exitCodes.done;
}
