import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fail } from "../../failures.ts";
import type { RunRecord } from "../../report/record.ts";
import { parseRecord } from "../../report/schema.ts";
import { note, print } from "../console.ts";
import { exitCodes } from "../outcome.ts";

type Format = "md" | "json" | "html";

async function read(source: string): Promise<RunRecord> {
  if (existsSync(source)) return parseRecord(await readFile(source, "utf8"), source);
  if (source.endsWith(".json"))
    throw fail("REQUEST_INVALID", `there is no file ${source}`, "Give a report.json or the ID of a run.");
  // A file needs neither Temporal nor its SDK.
  const [{ connectClient }, { fetchRecord }] = await Promise.all([
    import("../../temporal/connect.ts"),
    import("../fetch-record.ts"),
  ]);
  const { client, close } = await connectClient();
  try {
    return await fetchRecord(client, source);
  } finally {
    await close();
  }
}

async function render(record: RunRecord, format: Format): Promise<string> {
  if (format === "html") return (await import("../../report/html.ts")).renderHtml(record);
  if (format === "md") return (await import("../../report/markdown.ts")).renderMarkdown(record);
  return JSON.stringify(record, null, 2);
}

/** Throws REQUEST_INVALID (no such run or file), RECORD_INVALID, SYSTEM_UNREACHABLE. */
export async function printReport(
  source: string,
  { format, output }: { format: Format; output?: string },
): Promise<number> {
  const text = await render(await read(source), format);
  if (output === undefined) print(text.trimEnd());
  else {
    await writeFile(output, `${text.trimEnd()}\n`).catch((error: NodeJS.ErrnoException) => {
      throw fail("REQUEST_INVALID", `cannot write ${output}: ${error.message}`, "Name a file that you may write.");
    });
    note(`wrote ${output}`);
  }
  return exitCodes.done;
}
