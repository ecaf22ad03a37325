import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { ensurePrograms } from "../lab/packages.ts";
import { findTemporal } from "../src/temporal/find-server.ts";
import type { Figure } from "./figure.ts";

/** All figures of one run, with when and where they were measured. */
export interface Results {
  date: string;
  /** With "+" when the sources were changed since. */
  commit: string;
  machine: { cores: number; processor: string; memoryGiB: number };
  versions: Record<string, string>;
  figures: Figure[];
}

const folder = join(import.meta.dirname, "..", "docs", "proof");
const savedFile = join(folder, "bench.json");
const tableFile = join(folder, "bench.md");

export async function describeRun(figures: Figure[]): Promise<Results> {
  const first = async (file: string, ...args: string[]) =>
    /\d+(\.\d+)+/.exec((await execa(file, args, { reject: false })).stdout)?.[0] ?? "unknown";
  const { postgres } = await ensurePrograms(["postgres"], { say: () => undefined, ask: undefined });
  const git = async (...args: string[]) => (await execa("git", args, { reject: false, cwd: folder })).stdout;
  const changed = (await git("status", "--porcelain", "--", "../../src", "../../bench")) !== "";
  const [processor] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${(await git("rev-parse", "--short=12", "HEAD")) || "unknown"}${changed ? "+" : ""}`,
    machine: {
      cores: cpus().length,
      processor: processor?.model.trim() ?? "",
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    },
    versions: {
      node: process.versions.node,
      postgres: await first(join(postgres, "pg_dump"), "--version"),
      pgbackrest: await first("pgbackrest", "version"),
      temporal: await first(await findTemporal(() => undefined), "--version"),
    },
    figures,
  };
}

/** The results that were committed last; undefined before the first. */
export async function savedResults(): Promise<Results | undefined> {
  const text = await readFile(savedFile, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
}

/** Figures that were not measured this time stay as they were, each with its own run's date beside it. */
export async function save(results: Results, table: string): Promise<void> {
  await writeFile(savedFile, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(tableFile, `# Benchmarks\n\nWritten by \`npm run bench -- --save\`.\n\n${table}`);
  await execa("npx", ["oxfmt", savedFile, tableFile]);
}
