import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "./failures.ts";
import { readRegularFile } from "./regular-file.ts";
import type { RunRecord } from "./report/record.ts";
import { parseRecord } from "./report/schema.ts";

interface Known<T> {
  /** Changes with the file and with its rights. */
  stamp: string;
  content: { value: T } | { error: unknown };
}

/**
 * Reads the record of every run below a worker's directory of records, and keeps of each only what `extract` takes. A
 * reader that is asked again reads only the files that have changed meanwhile.
 */
export function createRecordReader<T>(extract: (record: RunRecord) => T) {
  let known = new Map<string, Known<T>>();

  async function look(file: string): Promise<Known<T> | undefined> {
    let stamp = "";
    try {
      const { ino, size, ctimeNs } = await stat(file, { bigint: true });
      stamp = `${ino} ${size} ${ctimeNs}`;
      const before = known.get(file);
      if (before?.stamp === stamp) return before;
      return { stamp, content: { value: extract(parseRecord(await readRegularFile(file), file)) } };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A file beside the runs' directories, or a run that has not written yet.
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      const why = code === "EISDIR" ? "is a directory, and no record" : `cannot be read (${code})`;
      return { stamp, content: { error: code === undefined ? error : fail("RECORD_INVALID", `${file} ${why}`) } };
    }
  }

  /** What could be read, and an error for each record that could not. Throws REQUEST_INVALID for a directory that cannot be read. */
  return async function read(directory: string): Promise<{ found: T[]; broken: unknown[] }> {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      throw fail(
        "REQUEST_INVALID",
        `cannot read ${directory} (${error.code})`,
        "Name the worker's directory of records.",
      );
    });
    const now = new Map<string, Known<T>>();
    // One after the other: this may be a worker, whose work goes first.
    for (const name of names) {
      const file = join(directory, name, "report.json");
      const one = await look(file);
      if (one !== undefined) now.set(file, one);
    }
    known = now;
    const contents = [...now.values()].map(({ content }) => content);
    return {
      found: contents.flatMap((content) => ("value" in content ? [content.value] : [])),
      broken: contents.flatMap((content) => ("error" in content ? [content.error] : [])),
    };
  };
}
