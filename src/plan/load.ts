import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fail } from "../failures.ts";
import { nearest } from "./nearest.ts";
import { checkText, formatProblems, type Problem } from "./problems.ts";
import { readText } from "./read-text.ts";
import { checkRules } from "./rules.ts";
import { Plan } from "./schema.ts";

export type ParsedPlan = { plan: Plan; problems: [] } | { plan: null; problems: Problem[] };

/** Checks a plan's text; `file` is only what the problems are reported for. */
export function parsePlan(text: string, file: string): ParsedPlan {
  const { value, problems } = checkText(text, file, Plan, checkRules);
  return value === null ? { plan: null, problems } : { plan: value, problems: [] };
}

export interface LoadedPlan {
  /** Plain JSON: durations in milliseconds, sizes in bytes, defaults filled in. */
  plan: Plan;
  /** Of the file's bytes. */
  sha256: string;
  file: string;
}

/**
 * Reads and checks a plan file; the plan must have the file's name.
 * @throws PLAN_NOT_FOUND when there is no such file, PLAN_INVALID with all problems of a file that is wrong
 */
export async function loadPlanFile(file: string): Promise<LoadedPlan> {
  const read = readText(file);
  if (read.text === null)
    throw fail(read.absent ? "PLAN_NOT_FOUND" : "PLAN_INVALID", formatProblems([read.problem]), read.problem.hint);
  const expected = basename(file, extname(file));
  const { value, problems } = checkText(read.text, file, Plan, (plan) => [
    ...(plan.name === expected ? [] : [nameDiffers(expected)]),
    ...checkRules(plan),
  ]);
  if (value === null) throw fail("PLAN_INVALID", formatProblems(problems));
  return { plan: value, sha256: createHash("sha256").update(read.bytes).digest("hex"), file };
}

function nameDiffers(expected: string) {
  const hint = `Write \`name: ${expected}\`, or rename the file: a run finds its plan by the file's name.`;
  return { path: ["name"], message: "must be the same as the file's name", hint };
}

/**
 * The plan of a name in the worker's plans directory: `<name>.yaml` or `<name>.yml`.
 * @throws PLAN_NOT_FOUND, PLAN_INVALID
 */
export async function findPlan(directory: string, name: string): Promise<LoadedPlan> {
  // The name comes from whoever started the run: nothing that could be a path may reach the file system.
  if (!/^[a-z0-9-]+$/.test(name))
    throw fail("PLAN_NOT_FOUND", `${JSON.stringify(name.slice(0, 60))} is not the name of a plan`, namesOnly);
  const files = await planFiles(directory);
  const found = files.filter((file) => planName(file) === name);
  if (found.length > 1)
    throw fail("PLAN_INVALID", `${found.join(" and ")} of ${directory} are the same plan`, "Remove one of the files.");
  if (found[0] === undefined) throw unknownPlan(directory, name, files.map(planName));
  return loadPlanFile(join(directory, found[0]));
}

/** Names of the plans in a directory. @throws PLAN_NOT_FOUND when it cannot be read */
export async function planNames(directory: string): Promise<string[]> {
  return [...new Set((await planFiles(directory)).map(planName))];
}

const namesOnly = "Give the name of a plan of the worker (lower-case letters, digits, dashes), not a path.";

function planName(file: string): string {
  return basename(file, extname(file));
}

async function planFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((file) => /^[a-z0-9-]+\.ya?ml$/.test(file)).toSorted();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    const hint = "Set `plans:` in the worker's configuration to a directory that the worker may read.";
    throw fail("PLAN_NOT_FOUND", `the plans directory ${directory} cannot be read (${code})`, hint);
  }
}

function unknownPlan(directory: string, name: string, known: string[]) {
  const near = nearest(name, known);
  const meant = near === undefined ? "" : `Did you mean "${near}"? `;
  const listed = known.slice(0, 20).join(", ") + (known.length > 20 ? ", …" : "");
  const there = known.length === 0 ? "There is no plan there yet." : `Plans there: ${listed}.`;
  return fail("PLAN_NOT_FOUND", `there is no plan "${name.slice(0, 60)}" in ${directory}`, meant + there);
}
