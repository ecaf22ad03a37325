import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const temporaryPrefix = ".new-";
const oneHour = 3_600_000;

/**
 * Lets `get` make a program of the same name in a temporary directory of the cache and then renames it into place, so that
 * nothing half-done is ever found there and several processes may do it at once.
 * @throws whatever `get` throws; nothing stays behind
 */
export async function installInto(path: string, get: (directory: string) => Promise<void>): Promise<void> {
  const cache = dirname(dirname(path));
  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  const temporary = await mkdtemp(join(cache, temporaryPrefix));
  try {
    await get(temporary);
    await mkdir(dirname(path), { recursive: true });
    await rename(join(temporary, basename(path)), path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A process that was killed could not tidy up. Nobody needs an hour for an installation. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(temporaryPrefix)) continue;
    const path = join(cache, entry);
    if ((await ageOf(path)) > oneHour) await rm(path, { recursive: true, force: true });
  }
}

/** Milliseconds since the last change; 0 when another process has just removed it. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
