import type { Dirent } from "node:fs";
import { readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../files.ts";
import { isEmpty } from "./cluster.ts";

/** Tablespaces, pg_wal or files that are links out of the data directory: emptying it would leave them behind. */
export async function linksOut(data: string): Promise<string[]> {
  if (await isEmpty(data)) return [];
  const [top, spaces] = await Promise.all(
    [data, join(data, "pg_tblspc")].map(async (directory) =>
      (await exists(directory)) ? await readdir(directory, { withFileTypes: true }) : [],
    ),
  );
  const links = [...top!, ...spaces!]
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  const mounts = await mountsIn(
    data,
    [...top!, ...spaces!].filter((entry) => entry.isDirectory()),
  );
  return [...(await Promise.all(links.map(async (link) => `${link} → ${await readlink(link)}`))), ...mounts];
}

/** Directories on another file system: a mount point can be neither removed nor left where it is. */
async function mountsIn(data: string, entries: Dirent[]): Promise<string[]> {
  const { dev } = await stat(data);
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  const others = await Promise.all(paths.map(async (path) => (await stat(path)).dev !== dev));
  return paths.filter((_, index) => others[index]).map((path) => `${path} (a mount point)`);
}
