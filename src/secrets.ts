import { readFile } from "node:fs/promises";
import { fail } from "./failures.ts";
import type { Secret } from "./plan/scalars.ts";
import { rememberSecret } from "./redaction.ts";

/** Variables that were named as secrets; programs do not inherit them. */
const variables = new Set<string>();

/** From now on no program inherits this variable. */
export function rememberVariable(name: string): void {
  variables.add(name);
}

export function isSecretVariable(name: string): boolean {
  return variables.has(name);
}

/**
 * Resolves a reference, inside the activity that uses the secret and nowhere else; from then on it is redacted.
 * @throws SECRET_MISSING when there is nothing, or nothing readable, behind the reference
 */
export async function resolveSecret(secret: Secret): Promise<string> {
  const value = "env" in secret ? fromEnvironment(secret.env) : await fromFile(secret.file);
  rememberSecret(value);
  return value;
}

/**
 * The variables by which a program of ours resolves a connection's password itself. Where the plan names none,
 * PostgreSQL's clients take PGPASSWORD.
 */
export function passwordVariables(password: Secret | undefined): Record<string, string> {
  if (password === undefined) return process.env["PGPASSWORD"] ? { PGPASSWORD: process.env["PGPASSWORD"] } : {};
  return "env" in password ? { [password.env]: fromEnvironment(password.env) } : {};
}

function fromEnvironment(name: string): string {
  rememberVariable(name);
  const value = process.env[name];
  if (value) return value;
  throw fail("SECRET_MISSING", `the worker has no environment variable ${name}`);
}

async function fromFile(path: string): Promise<string> {
  try {
    const value = (await readFile(path, "utf8")).replace(/\r?\n$/, "");
    if (value !== "") return value;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fail("SECRET_MISSING", `the worker cannot read the secret file ${path} (${code})`);
  }
  throw fail("SECRET_MISSING", `the secret file ${path} is empty`);
}
