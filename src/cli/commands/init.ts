import { existsSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { loadConfig } from "../../config.ts";
import { fail } from "../../failures.ts";
import type { Plan } from "../../plan/schema.ts";
import { shellWord, visible } from "../../report/safe-text.ts";
import { note, print, printJson } from "../console.ts";
import { componentNames, defaults, type Draft, planOf } from "../init/draft.ts";
import { type ChoiceOptions, chosenBy, passwordOf, saysWhat } from "../init/from-options.ts";
import { type Found, lookAround } from "../init/look.ts";
import { planExists, planText, writeNew } from "../init/write.ts";
import { exitCodes } from "../outcome.ts";
import { programName } from "../program-name.ts";

interface InitOptions extends ChoiceOptions {
  environment?: Plan["environment"];
  rto?: string;
  rpo?: string;
  dumps?: string;
  config?: string;
  json?: boolean;
}

/**
 * Writes a new plan: by the options where they say what to protect, by questions otherwise.
 * Throws REQUEST_INVALID when options are missing and nobody can be asked, or when there is such a file.
 */
export async function initPlan(given: string | undefined, options: InitOptions): Promise<number> {
  const { plans } = loadConfig();
  if (given !== undefined) requireFree(given);
  const made = saysWhat(options) ? await byOptions(options) : await byQuestions(given, options, plans);
  const file = given ?? inWorkingDirectory(join(plans, `${made.name ?? componentNames(made.draft.chosen)[0]!}.yaml`));
  requireFree(file);
  const name = basename(file, extname(file));
  const value = planOf(name, made.draft);
  await writeNew(file, planText(value, file), plans);
  if (options.json === true) printJson({ file: resolve(file), plan: value, found: made.found });
  else print(nextSteps(file, name, plans).join("\n"));
  return exitCodes.done;
}

const planFile = (name: string, directory: string) =>
  [".yaml", ".yml"].map((end) => join(directory, name + end)).find((file) => existsSync(file));

/** A run finds a plan by its file's name, with either ending. */
function requireFree(file: string): void {
  const [ending, name] = [extname(file), basename(file, extname(file))];
  if (ending !== ".yaml" && ending !== ".yml")
    throw fail(
      "REQUEST_INVALID",
      `${file} is no name for the file of a plan`,
      `Write ${join(dirname(file), name)}.yaml.`,
    );
  const there = planFile(name, dirname(file));
  if (there !== undefined) throw planExists(there);
}

/** As a person would type it: below the working directory without the way to it. */
function inWorkingDirectory(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}

interface Made {
  draft: Draft;
  found: Found;
  /** Of the plan, where it was asked for. */
  name?: string;
}

async function byOptions(options: InitOptions): Promise<Made> {
  const usually = { ...defaults, ...options };
  const found = await lookAround(usually.config, options);
  tellUnseen(found);
  tellMissing(options, found);
  const { environment, rto, rpo, dumps, config } = usually;
  return { found, draft: { chosen: chosenBy(options, found), environment, rto, rpo, dumps, config } };
}

async function byQuestions(given: string | undefined, options: InitOptions, plans: string): Promise<Made> {
  const { canAsk, meanwhile } = await import("../init/ask.ts");
  if (!canAsk())
    throw fail(
      "REQUEST_INVALID",
      "there is no terminal to ask what to protect, and no option says it",
      "Add --database NAME for each database by pg_dump, or --stanza NAME for each cluster by pgBackRest.",
    );
  const { askName, askPassword, askRest, askWhat } = await import("../init/questions.ts");
  const usually = { ...defaults, ...options };
  const found = await meanwhile("Looking for databases and backups", lookAround(usually.config, options));
  tellUnseen(found);
  const chosen = await askPassword(await askWhat(found), passwordOf(options));
  const draft = await askRest(options, usually, chosen);
  if (given !== undefined) return { draft, found };
  const taken = (name: string) => (planFile(name, plans) !== undefined ? `there is a plan ${name} already` : undefined);
  return { draft, found, name: await askName(componentNames(chosen)[0]!, taken) };
}

function tellUnseen({ unseen }: Found): void {
  for (const { place, message } of visible(unseen)) note(`not looked into ${place}: ${message}`);
}

/** A plan may be written for another host; a slip of the pen should be seen all the same. */
function tellMissing({ database = [], host }: InitOptions, { servers }: Found): void {
  const known = new Set(servers.flatMap(({ databases }) => databases.map(({ name }) => name)));
  for (const name of host === undefined ? database : [])
    if (!known.has(name)) note(`no server that was found has a database ${name}; correct the connection in the plan`);
}

function nextSteps(file: string, name: string, plans: string): string[] {
  const shown = shellWord(file);
  const away =
    dirname(resolve(file)) === plans ? [] : [`A run finds it in the worker's plans directory: put it into ${plans}.`];
  return [
    `Wrote ${file}. Read it, and change what you know better. Then:`,
    `  ${programName} plan check ${shown}`,
    `  ${programName} doctor ${name}    # what would stop a run, as the worker sees it`,
    `  ${programName} exercise ${name} --scenario none    # restores beside the live data; destroys nothing`,
    ...away,
  ];
}
