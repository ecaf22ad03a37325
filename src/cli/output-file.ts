import { realpath, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { writeAtomically } from "../activities/files.ts";
import { describeFailure, fail } from "../failures.ts";

/**
 * Writes the file that `--output` names. A reader, such as a collector of metrics, sees the old or the new content and
 * nothing between; a device or a pipe is written to. Directories are not made: a misspelt one is the likelier case.
 * @param mode of the file, less what the umask takes away
 * Throws REQUEST_INVALID, DISK_FULL.
 */
export async function writeOutput(path: string, text: string, mode: number): Promise<void> {
  const file = resolve(path);
  const there = await look(file);
  if (there?.isDirectory())
    throw fail("REQUEST_INVALID", `${path} is a directory`, "Name the file in it that is to be written.");
  if (there === null && !(await look(dirname(file)))?.isDirectory())
    throw fail("REQUEST_INVALID", `there is no directory ${dirname(file)}`, "Make it first, or correct the path.");
  try {
    // To put a new file into its place would remove /dev/stdout.
    if (there !== null && !there.isFile()) await writeFile(file, text);
    else await writeAtomically(there === null ? file : await realpath(file), text, mode);
  } catch (error) {
    const { type, message } = describeFailure(error);
    if (type === "DISK_FULL") throw error;
    const why = (error as NodeJS.ErrnoException).code ?? /\(([A-Z]+)\)$/.exec(message)?.[1] ?? message;
    throw fail("REQUEST_INVALID", `cannot write ${path} (${why})`, "Name a file in a directory that you may write to.");
  }
}

/** Null for what is not there. */
async function look(path: string) {
  return await stat(path).catch((error: NodeJS.ErrnoException) => {
    const { code = "" } = error;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw fail("REQUEST_INVALID", `cannot look at ${path} (${code})`, "Name a file that you may write.");
  });
}
