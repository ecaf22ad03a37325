import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fail } from "../../failures.ts";
import { output } from "../exec.ts";
import { exists } from "../files.ts";

/** Where packages keep each major version of PostgreSQL in a directory of its own: Debian, PGDG's RPMs, Homebrew. */
const packaged: [root: string, shape: RegExp][] = [
  ["/usr/lib/postgresql", /^\d+$/],
  ["/usr", /^pgsql-\d+$/],
  ["/opt/homebrew/opt", /^postgresql@\d+$/],
];

export interface Versioned {
  path: string;
  major: number;
}

/**
 * A program of PostgreSQL in all versions on this host, one after the other: whoever has found the right one asks no more.
 * One that does not start is no reason not to use another.
 * @throws PROGRAM_FAILED when none of them starts
 */
export async function* findVersions(program: string): AsyncGenerator<Versioned> {
  let working = 0;
  let broken: unknown;
  for (const path of await findAll(program)) {
    try {
      yield { path, major: await majorVersion(path) };
      working += 1;
    } catch (error) {
      broken = error;
    }
  }
  if (working === 0 && broken !== undefined) throw broken;
}

/** Every place of a program of PostgreSQL on this host, of whatever version: packages first, then PATH. */
export async function findAll(program: string): Promise<string[]> {
  const installed = await Promise.all(packaged.map(([root, shape]) => childrenOf(root, shape)));
  const directories = [
    ...installed.flat().map((directory) => join(directory, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  const found: string[] = [];
  for (const directory of directories) if (await exists(join(directory, program))) found.push(join(directory, program));
  return found;
}

async function childrenOf(root: string, shape: RegExp): Promise<string[]> {
  const names = (await exists(root)) ? await readdir(root) : [];
  return names.filter((name) => shape.test(name)).map((name) => join(root, name));
}

/** Major version that a program of PostgreSQL says it has. @throws PROGRAM_FAILED */
export async function majorVersion(program: string): Promise<number> {
  const text = await output({ argv: [program, "--version"] });
  const major = /(\d+)(\.\d+|devel|beta\d+|rc\d+)/.exec(text)?.[1];
  if (major === undefined)
    throw fail("PROGRAM_FAILED", `${program} --version says "${text.trim()}", which is no version`);
  return Number(major);
}
