import { fail } from "../../failures.ts";
import { programMissing } from "../exec.ts";
import { findVersions, type Versioned } from "../postgres/programs.ts";

export interface Programs {
  pgDump: string;
  pgRestore: string;
  psql: string;
}

/**
 * The program of the server's own major version; otherwise the next newer one, because a much newer pg_restore sets
 * parameters that an older server does not know; otherwise the newest.
 * @throws PROGRAM_MISSING
 */
async function findProgram(name: string, serverMajor: number): Promise<Versioned> {
  const found: Versioned[] = [];
  for await (const one of findVersions(name)) {
    if (one.major === serverMajor) return one;
    found.push(one);
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
  // One after the other: of several that are missing, the same one is named every time.
  const dump = await findProgram("pg_dump", server);
  const restore = await findProgram("pg_restore", server);
  const psql = await findProgram("psql", server);
  const hint = `Install PostgreSQL ${server}'s client programs on the worker's host.`;
  if (dump.major < server)
    throw fail("UNSUPPORTED_VERSION", `pg_dump ${dump.major} cannot dump a server of version ${server}`, hint);
  if (server < transactionTimeoutSince && restore.major >= transactionTimeoutSince)
    throw fail(
      "UNSUPPORTED_VERSION",
      `pg_restore ${restore.major} cannot restore into a server of version ${server}`,
      hint,
    );
  return { pgDump: dump.path, pgRestore: restore.path, psql: psql.path };
}
