import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readRegularFile } from "../regular-file.ts";
import { looksSecret } from "../redaction.ts";
import { isSecretVariable, rememberVariable } from "../secrets.ts";

/**
 * Learns which variables the plans of a directory name as secrets: of all plans, wrong ones too, because each program
 * would inherit the secrets of every plan. Only ever adds to what is known.
 */
export async function learnSecretVariables(plans: string): Promise<void> {
  // Without the directory there is no plan either; what is missing then is said where a plan is wanted.
  const files = (await readdir(plans).catch(() => [])).filter((name) => /\.ya?ml$/.test(name));
  for (const file of files) {
    // A plan that vanishes meanwhile, or that the worker may not read, cannot be run either.
    const text = await readRegularFile(join(plans, file)).catch(() => "");
    for (const [, variable] of text.matchAll(/\benv["']?\s*:\s*["']?([A-Za-z_]\w*)/g)) rememberVariable(variable!);
  }
}

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
