import type { TestProject } from "vitest/node";
import { ensurePrograms } from "../../lab/packages.ts";
import type { Program } from "../../lab/programs.ts";
import { terminalTalk } from "../../lab/terminal.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Directory of PostgreSQL's programs. */
    postgresBin: string;
    /** File of a browser for playwright-core. */
    chromium: string;
    /** File of the Prometheus server; promtool is on the PATH. */
    prometheus: string;
  }
}

/** Runs once before the tests that need real programs, and installs the missing ones. */
export async function setup(project: TestProject): Promise<void> {
  const wanted: Program[] = ["postgres", "pgbackrest"];
  if (project.name === "e2e") wanted.push("chromium", "prometheus");
  if (project.name !== "crash") wanted.push("faketime");
  const programs = await ensurePrograms(wanted, terminalTalk());
  project.provide("postgresBin", programs.postgres);
  project.provide("chromium", programs.chromium ?? "");
  project.provide("prometheus", programs.prometheus ?? "");
}
