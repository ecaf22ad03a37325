import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "../failures.ts";
import { readRegularFile } from "../regular-file.ts";

/** Directories and files that hold data or names of credentials are for their owner only. */
export const privateDirectory = 0o700;
const privateFile = 0o600;

/**
 * Replaces a file so that a reader, or a machine that loses power, sees the old or the new content and nothing between:
 * write, fsync, rename, fsync of the directory.
 * @param owner whose the new file is; ours otherwise
 * @throws DISK_FULL, PERMISSION_DENIED
 */
export async function writeAtomically(
  path: string,
  text: string,
  mode = privateFile,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await makeDirectory(dirname(path));
    await withFile(temporary, "wx", mode, async (file) => {
      await file.writeFile(text);
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      await file.sync();
    });
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    // Where not even this works, the first error is still the one to tell.
    await rm(temporary, { force: true }).catch(() => "nothing was written");
    throw fileFailure(error, path);
  }
}

/**
 * Makes a directory and those above it that are missing. Not Node's `recursive`, which never returns where no directory
 * can be made, such as below /proc.
 * @throws PERMISSION_DENIED where none can be made, and what mkdir throws
 */
async function makeDirectory(path: string): Promise<void> {
  if ((await tryToMake(path)) === "made") return;
  const above = dirname(path);
  if (!(await exists(above))) await makeDirectory(above);
  // Asked again also where the directory above is there: someone else may have made it in the meantime.
  if ((await tryToMake(path)) === "made") return;
  throw fail("PERMISSION_DENIED", `no directory can be made in ${above}`, "Name a directory on a disk; then retry.");
}

async function tryToMake(path: string): Promise<"made" | "nothing above"> {
  try {
    await mkdir(path, { mode: privateDirectory });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "nothing above";
    if (code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
  return "made";
}

async function withFile<T>(
  path: string,
  flags: string,
  mode: number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Makes sure that a file or the entries of a directory are on the disk. */
export async function syncPath(path: string): Promise<void> {
  await withFile(path, "r", 0, (file) => file.sync());
}

/** Syncs all files below a directory, then the directories. */
export async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    await (entry.isDirectory() ? syncTree(path) : syncPath(path));
  }
  await syncPath(directory);
}

/** sha256 in hex, read as a stream. */
export async function sha256File(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest("hex");
}

/** Parsed JSON of a file of ours, or undefined when there is none. @throws STATE_DAMAGED when it is no JSON any more */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readRegularFile(path)) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof SyntaxError) throw fail("STATE_DAMAGED", `${path} is no JSON: it was cut or overwritten`);
    throw error;
  }
}

/** A full disk still takes an empty file. */
const probeText = "\n".repeat(64 * 1024);

/** Makes a directory of ours when it is missing, and really writes into it. @throws PERMISSION_DENIED, DISK_FULL */
export async function assertWritable(directory: string): Promise<void> {
  const probe = join(directory, ".firedrill-probe");
  await writeAtomically(probe, probeText);
  await rm(probe, { force: true });
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Bytes that the worker's user may still write at a path; the nearest existing directory counts. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}

/** Turns errors of the file system that a person can mend into failures; other errors stay what they are. */
export function fileFailure(error: unknown, path: string): unknown {
  const { code, path: inTheWay = path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return fail("DISK_FULL", `no space left for ${path}`);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return fail(
      "PERMISSION_DENIED",
      `the worker may not write ${path} (${code})`,
      "Give the worker's user the right to write there; then retry.",
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST") {
    return fail(
      "PERMISSION_DENIED",
      `${inTheWay} is in the way: it is not a directory`,
      "Move it away, or name another directory; then retry.",
    );
  }
  return error;
}
