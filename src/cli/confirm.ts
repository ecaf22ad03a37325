import { createInterface } from "node:readline/promises";
import chalk from "chalk";
import { loadConfig } from "../config.ts";
import { describeFailure, fail } from "../failures.ts";
import { findPlan } from "../plan/load.ts";
import { dataOf } from "../plan/namespace-data.ts";
import { kindsOf } from "../plan/outline.ts";
import { nearest } from "../plan/nearest.ts";
import type { Component } from "../plan/schema.ts";
import { targetOf } from "../plan/target.ts";
import type { Scenario } from "../report/record.ts";
import { shellWord, visible } from "../report/safe-text.ts";

/** Nothing is destroyed that nobody has named. */

export interface Confirmation {
  /** Nobody is asked: all that is destroyed is named by `target`. */
  yes?: boolean;
  target?: string[];
}

/** Names to be given, and what stands behind each. */
export type Targets = Record<string, string>;

/**
 * What a run of a plan destroys: its components, as far as they are chosen. Where the plan is on another machine its own name
 * stands for all of them.
 * @returns `components`: those that the run is then told to take, and no other that the worker's plan may have
 * @throws PLAN_INVALID, REQUEST_INVALID
 */
export async function targetsOf(
  plan: string,
  chosen: string[] | undefined,
  scenario: Scenario,
): Promise<{ targets: Targets; components: string[] | undefined }> {
  const known = await componentsOf(plan, scenario);
  if (known === undefined && chosen === undefined)
    return { targets: { [plan]: "every component of that plan, which is not on this machine" }, components: undefined };
  const names = Object.keys(known ?? {});
  if (known !== undefined && names.length === 0)
    throw fail(
      "REQUEST_INVALID",
      `plan ${plan} has nothing that scenario ${scenario} would destroy`,
      "Databases are drilled without a scenario, others by the one of their kind: `--scenario namespace`, `volume`, `workload` or `cluster`.",
    );
  const unknown = chosen?.find((name) => known !== undefined && !names.includes(name));
  if (unknown !== undefined) {
    throw fail(
      "REQUEST_INVALID",
      `plan ${plan} has no component "${unknown}" for scenario ${scenario}`,
      `It has ${names.join(", ")}.`,
    );
  }
  const components = chosen ?? names;
  return {
    targets: Object.fromEntries(components.map((name) => [name, known?.[name] ?? `component of plan ${plan}`])),
    components,
  };
}

/** Undefined where the plan is not on this machine. */
async function componentsOf(plan: string, scenario: Scenario): Promise<Targets | undefined> {
  try {
    const { components } = (await findPlan(loadConfig().plans, plan)).plan;
    const kinds = kindsOf("exercise", scenario);
    const destroyed = components.filter(({ kind }) => kinds.includes(kind));
    return Object.fromEntries(destroyed.map((one) => [one.name, withItsData(one, dataOf(one, components))]));
  } catch (error) {
    if (describeFailure(error).type === "PLAN_NOT_FOUND") return undefined;
    throw error;
  }
}

function withItsData(component: Component, data: Component[]): string {
  return [component, ...data].map(targetOf).join(", with ");
}

/**
 * Shows what is destroyed and asks to type its names.
 * @throws REQUEST_INVALID where nobody can be asked, and when other names were given
 */
export async function confirmDestruction(targets: Targets, { yes = false, target = [] }: Confirmation): Promise<void> {
  const names = Object.keys(targets);
  const options = names.map((name) => `--target ${shellWord(name)}`).join(" ");
  if (yes && target.length === 0)
    throw fail("REQUEST_INVALID", "--yes alone does not say what may be destroyed", `Add ${options} to it.`);
  if (target.length > 0) requireNames(target, names, `Write ${options}.`);
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw fail(
      "REQUEST_INVALID",
      `this destroys ${list(targets)}, and there is no terminal to ask`,
      `Add --yes ${options} if that is what you want, or drill with --scenario none beside the live data.`,
    );
  const hint = `Nothing was started. To be asked nothing: --yes ${options}`;
  requireNames(await ask(targets, hint), names, hint);
}

function list(targets: Targets): string {
  return Object.entries(targets)
    .map(([name, what]) => `${name} (${visible(what)})`)
    .join(", ");
}

async function ask(targets: Targets, hint: string): Promise<string[]> {
  const names = Object.keys(targets);
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(targets).map(([name, what]) => `  ${chalk.red(name.padEnd(width))}  ${visible(what)}`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const which = names.length === 1 ? "its name" : `all ${names.length} names`;
  const answer = await prompt
    .question(`This destroys, and then restores:\n${lines.join("\n")}\nType ${which} to go on: `)
    .catch((error: Error) => {
      if (error.name !== "AbortError") throw error;
      throw fail("REQUEST_INVALID", "nothing was typed", hint);
    })
    .finally(() => prompt.close());
  return answer.split(/[\s,]+/).filter((word) => word !== "");
}

/** @throws REQUEST_INVALID unless each name was given, and no other */
function requireNames(given: string[], names: string[], hint: string): void {
  const wrong = given.find((name) => !names.includes(name));
  if (wrong !== undefined) {
    const meant = nearest(wrong, names);
    const what = `${JSON.stringify(wrong)} is nothing that this destroys`;
    throw fail("REQUEST_INVALID", what, meant === undefined ? hint : `Did you mean "${meant}"? ${hint}`);
  }
  const missing = names.filter((name) => !given.includes(name));
  if (missing.length > 0)
    throw fail("REQUEST_INVALID", `this also destroys ${missing.join(", ")}, which was not named`, hint);
}
