import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { loadConfig } from "../config.ts";
import { describeFailure, fail } from "../failures.ts";
import { loadPlanFile, type LoadedPlan } from "../plan/load.ts";

/**
 * Reads the plan file that a person names. Runs take the name of a plan and these commands a file: who mixes them up is told
 * the file. Throws PLAN_NOT_FOUND, PLAN_INVALID with all problems.
 */
export async function readPlanFile(file: string): Promise<LoadedPlan> {
  try {
    return await loadPlanFile(file);
  } catch (error) {
    if (describeFailure(error).type !== "PLAN_NOT_FOUND" || /[/\\.]/.test(file)) throw error;
    const meant = [".yaml", ".yml"].map((end) => join(loadConfig().plans, `${file}${end}`)).find(existsSync);
    if (meant === undefined) throw error;
    throw fail("PLAN_NOT_FOUND", `there is no file ${file}`, `Did you mean ${relative(".", meant)}?`);
  }
}
