import type { TestProject } from "vitest/node";
import { ensurePrograms } from "../../lab/packages.ts";
import { terminalTalk } from "../../lab/terminal.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Directory of PostgreSQL's programs. */
    postgresBin: string;
    /** File of a browser for playwright-core. */
    chromium: string;
  }
}

/** Runs once before the tests that need real programs, and installs the missing ones. */
export async function setup(project: TestProject): Promise<void> {
  const programs = await ensurePrograms(["postgres", "pgbackrest", "chromium"], terminalTalk());
  project.provide("postgresBin", programs.postgres);
  project.provide("chromium", programs.chromium);
}
