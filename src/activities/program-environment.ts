import { looksSecret } from "../redaction.ts";
import { isSecretVariable } from "../secrets.ts";

/**
 * The environment of a program that Firedrill starts: the worker's own without its secrets, and what this program needs.
 * A restored server keeps its environment as long as it runs, and its users can read it.
 * pgBackRest's variables stay: it reads its configuration from them, also when a server calls it to fetch WAL.
 */
export function programEnvironment(needed: Record<string, string> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && mayPass(entry[0]),
  );
  return { ...Object.fromEntries(own), LC_ALL: "C", ...needed };
}

function mayPass(name: string): boolean {
  if (name.startsWith("PGBACKREST_")) return true;
  return !name.startsWith("TEMPORAL_") && !looksSecret(name) && !isSecretVariable(name);
}
