import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findVersions, type Versioned } from "../../../src/activities/postgres/programs.ts";

const path = process.env.PATH ?? "";
let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "fd-programs-"))));
afterEach(async () => {
  process.env.PATH = path;
  await rm(directory, { recursive: true });
});

/** Puts a program into a directory of its own on the PATH, behind those before it. */
async function install(name: string, script: string): Promise<string> {
  const program = join(directory, name, "pg_invented");
  await mkdir(join(directory, name));
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  process.env.PATH += `${delimiter}${join(directory, name)}`;
  return program;
}

async function found(): Promise<Versioned[]> {
  const all: Versioned[] = [];
  for await (const one of findVersions("pg_invented")) all.push(one);
  return all;
}

test("one that does not start, or says nothing, does not hide the others", async () => {
  await install("broken", "exit 127");
  await install("silent", "echo hello");
  const good = await install("good", 'echo "pg_invented (PostgreSQL) 16.4 (Debian 16.4-1)"');
  const beta = await install("beta", 'echo "pg_invented (PostgreSQL) 19beta1"');
  expect(await found()).toEqual([
    { path: good, major: 16 },
    { path: beta, major: 19 },
  ]);
});

test("where none starts, the error says why; where there is none, there is none", async () => {
  expect(await found()).toEqual([]);
  await install("broken", "echo it is broken >&2; exit 127");
  await expect(found()).rejects.toThrow("it is broken");
});
