import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fail } from "../../failures.ts";
import { output, programMissing } from "../exec.ts";
import { exists } from "../files.ts";

export interface Programs {
  pgDump: string;
  pgRestore: string;
  psql: string;
}

/**
 * Where PostgreSQL's programs may lie: Debian and others keep each major version's in a directory of its own,
 * /usr/lib/postgresql/15 or /usr/pgsql-15.
 */
async function directories(): Promise<string[]> {
  const installed = [
    ...(await childrenOf("/usr/lib/postgresql", /^\d+$/)),
    ...(await childrenOf("/usr", /^pgsql-\d+$/)),
  ].map((directory) => join(directory, "bin"));
  return [...installed, ...(process.env.PATH ?? "").split(delimiter)];
}

async function childrenOf(root: string, shape: RegExp): Promise<string[]> {
  const names = (await exists(root)) ? await readdir(root) : [];
  return names.filter((name) => shape.test(name)).map((name) => join(root, name));
}

/**
 * The program of the server's own major version; otherwise the next newer one, because a much newer pg_restore sets
 * parameters that an older server does not know; otherwise the newest.
 * @throws PROGRAM_MISSING
 */
async function findProgram(name: string, serverMajor: number): Promise<{ path: string; major: number }> {
  const found: { path: string; major: number }[] = [];
  for (const directory of await directories()) {
    const path = join(directory, name);
    if (!(await exists(path))) continue;
    const major = await majorVersion(path);
    if (major === serverMajor) return { path, major };
    found.push({ path, major });
  }
  found.sort((a, b) => a.major - b.major);
  const best = found.find(({ major }) => major > serverMajor) ?? found.at(-1);
  if (best === undefined) throw programMissing(name);
  return best;
}

/** Since this version pg_restore sets transaction_timeout, which older servers do not know. */
const transactionTimeoutSince = 17;

/** @throws PROGRAM_MISSING, UNSUPPORTED_VERSION when pg_dump is older than the server, or pg_restore too new for it */
export async function programs(serverVersion: number): Promise<Programs> {
  const server = Math.floor(serverVersion / 10_000);
  const [dump, restore, psql] = await Promise.all(
    ["pg_dump", "pg_restore", "psql"].map((name) => findProgram(name, server)),
  );
  const hint = `Install PostgreSQL ${server}'s client programs on the worker's host.`;
  if (dump!.major < server)
    throw fail("UNSUPPORTED_VERSION", `pg_dump ${dump!.major} cannot dump a server of version ${server}`, hint);
  if (server < transactionTimeoutSince && restore!.major >= transactionTimeoutSince)
    throw fail(
      "UNSUPPORTED_VERSION",
      `pg_restore ${restore!.major} cannot restore into a server of version ${server}`,
      hint,
    );
  return { pgDump: dump!.path, pgRestore: restore!.path, psql: psql!.path };
}

/** Major version that a program of PostgreSQL says it has. */
export async function majorVersion(program: string): Promise<number> {
  const text = await output({ argv: [program, "--version"] });
  const major = /(\d+)(\.\d+|devel|beta\d+|rc\d+)/.exec(text)?.[1];
  if (major === undefined)
    throw fail("PROGRAM_FAILED", `${program} --version says "${text.trim()}", which is no version`);
  return Number(major);
}
