import { existsSync, statSync } from "node:fs";
import { fail } from "../failures.ts";
import { readRegularFile } from "../regular-file.ts";

/**
 * Whether a person who names a record means a file or a run: a directory may bear the name of a run.
 * Throws REQUEST_INVALID for a report.json that is not there.
 */
export function isRecordFile(source: string): boolean {
  if (existsSync(source) && !statSync(source).isDirectory()) return true;
  if (!source.endsWith(".json")) return false;
  throw fail("REQUEST_INVALID", `there is no file ${source}`, "Give a report.json or the ID of a run.");
}

/** Throws REQUEST_INVALID when the file cannot be read. */
export async function readRecordFile(file: string): Promise<string> {
  return await readRegularFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EISDIR")
      throw fail("REQUEST_INVALID", `${file} is a directory`, "Name the report.json that lies in it.");
    throw fail("REQUEST_INVALID", `cannot read ${file} (${error.code})`, "Name a file that you may read.");
  });
}
