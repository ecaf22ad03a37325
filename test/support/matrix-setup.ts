import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    matrix: { directory: string; subset: number | null; seed: number };
  }
}

type Row = Record<string, string | number>;

let directory = "";
let subset: number | null = null;
let project: TestProject | undefined;

/**
 * For projects that are tables: FIREDRILL_SUBSET=N takes N rows of each file, chosen by FIREDRILL_SEED. A whole run, with
 * all files and rows good, writes its table to docs/proof/.
 */
export async function setup(started: TestProject): Promise<void> {
  project = started;
  directory = await mkdtemp(join(tmpdir(), "firedrill-matrix-"));
  subset = process.env["FIREDRILL_SUBSET"] === undefined ? null : Number(process.env["FIREDRILL_SUBSET"]);
  const seed = Number(process.env["FIREDRILL_SEED"] ?? Math.floor(Math.random() * 1_000_000_000));
  console.log(
    `${subset === null ? "All rows" : `A subset of ${subset} rows a file`}; the same again: FIREDRILL_SEED=${seed}`,
  );
  project.provide("matrix", { directory, subset, seed });
}

export async function teardown(): Promise<void> {
  const text = await readFile(join(directory, "rows.jsonl"), "utf8").catch(() => "");
  await rm(directory, { recursive: true });
  const rows = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
  if (rows.length === 0 || project === undefined) return;
  const table = markdown(rows);
  console.log(`\n${table}\n${rows.length} rows came out as they must.`);
  const run = project;
  const modules = run.vitest.state.getTestModules().filter((module) => module.project === run);
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  // One file of several would write a table without the rows of the others.
  const { testFiles } = await run.globTestFiles();
  const isWhole = subset === null && modules.length === testFiles.length;
  const whole = isWhole && tests.every((test) => test.result().state === "passed");
  if (whole) await publish(project.name, table, rows.length);
}

function markdown(rows: Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ""))),
  ].join("\n");
}

/** Keeps what a person wrote above the marker. */
async function publish(name: string, table: string, count: number): Promise<void> {
  const path = join("docs", "proof", `${name}.md`);
  const marker = "<!-- written by the tests -->";
  const head = (await readFile(path, "utf8").catch(() => `# ${name}\n\n${marker}\n`)).split(marker)[0]!;
  const { stdout: commit } = await execa("git", ["rev-parse", "--short=12", "HEAD"]);
  const { stdout: changes } = await execa("git", ["status", "--porcelain", "--", "src"]);
  const when = `${new Date().toISOString().slice(0, 10)}, commit ${commit}${changes === "" ? "" : " with changes not committed"}`;
  await writeFile(path, `${head}${marker}\n\n${count} rows, ${when}.\n\n${table}\n`);
  await execa("npx", ["oxfmt", path]);
  console.log(`Written to ${path}.`);
}
