import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { Layer, StateLayer } from "../../plan/infrastructure-schema.ts";
import { resolveSecret } from "../../secrets.ts";
import { lastWords, type ProgramEnd, runProgram } from "../exec.ts";
import { readJson } from "../files.ts";
import type { StepContext } from "../step.ts";
import { hintFor } from "./causes.ts";
import { Backend, Info } from "./schema.ts";
import { json, readState, type StateSummary } from "./state.ts";

/** The command lines of OpenTofu, Terraform and Terragrunt, and the environment of what a layer runs. */

/** An apply that is interrupted writes down what it has done; before it can, the API that it waits for must answer. */
export const patienceMs = 10 * 60_000;

export const terragrunt = ["--non-interactive", "--no-color", "--working-dir"];

/** @param directory of a root module or of a unit */
export function argvOf(layer: StateLayer, directory: string, args: string[]): string[] {
  if (layer.kind !== "terragrunt") return [layer.kind, `-chdir=${directory}`, ...args];
  return ["terragrunt", "run", ...terragrunt, directory, "--tf-forward-stdout", "--", ...args];
}

/** `-var-file` where the layer has one. */
export function varsOf(layer: StateLayer): string[] {
  return "vars" in layer && layer.vars !== undefined ? [`-var-file=${layer.vars}`] : [];
}

export function lockTimeoutOf({ lockTimeout }: StateLayer): string {
  return `-lock-timeout=${Math.ceil(lockTimeout / 1_000)}s`;
}

/** What would change a command line behind our back, or write secrets into logs. */
const unset = Object.fromEntries(
  ["init", "plan", "apply", "destroy"]
    .flatMap((name) => [[`TF_CLI_ARGS_${name}`, ""]])
    .concat([
      ["TF_CLI_ARGS", ""],
      ["TF_LOG", ""],
      ["TF_LOG_CORE", ""],
      ["TF_LOG_PROVIDER", ""],
    ]),
);

/** @throws SECRET_MISSING */
export async function environmentOf(layer: Layer): Promise<Record<string, string>> {
  const secrets = Object.entries(layer.environment).map(async ([name, secret]) => [name, await resolveSecret(secret)]);
  const own = Object.fromEntries(await Promise.all(secrets)) as Record<string, string>;
  if (layer.kind === "command") return own;
  return { ...own, ...unset, TF_IN_AUTOMATION: "1", TF_INPUT: "0", TF_WORKSPACE: layer.workspace };
}

/** Questions to a backend may take a while, and never as long as this. */
const askMs = 3 * 60_000;

/** Runs a short command of the program. @throws PROGRAM_MISSING, TIMED_OUT */
export async function ask(
  layer: StateLayer,
  directory: string,
  args: string[],
  { signal }: Pick<StepContext, "signal">,
): Promise<ProgramEnd> {
  const env = await environmentOf(layer);
  return await runProgram({ argv: argvOf(layer, directory, args), env, signal, timeoutMs: askMs });
}

/** The same for one that must succeed. @throws PROGRAM_FAILED with its last words */
export async function answer(
  layer: StateLayer,
  directory: string,
  args: string[],
  context: Pick<StepContext, "signal">,
): Promise<string> {
  const { exitCode, stdout, stderr } = await ask(layer, directory, args, context);
  if (exitCode === 0) return stdout;
  throw fail(
    "PROGRAM_FAILED",
    `${layer.kind} ${args.slice(0, 2).join(" ")} in ${directory} ended with exit code ${exitCode}: ${lastWords(stderr)}`,
    hintFor(stderr) ?? "Try the same command in that directory; mend what it says, then retry.",
  );
}

export async function pullState(
  layer: StateLayer,
  directory: string,
  context: Pick<StepContext, "signal">,
): Promise<StateSummary> {
  return readState(await answer(layer, directory, ["state", "pull"], context));
}

/** Settings of a backend that say where a state is, and are no secrets. */
const places = [
  "hostname",
  "organization",
  "bucket",
  "container_name",
  "schema_name",
  "namespace",
  "secret_suffix",
  "prefix",
  "key",
  "path",
  "address",
];

/** Type and place of the backend with which a module's directory was initialised. */
export async function backendOf(module: string): Promise<string> {
  const parsed = Backend.safeParse(await readJson(join(module, ".terraform", "terraform.tfstate")));
  if (!parsed.success) return "local";
  const { type, config } = parsed.data.backend;
  const where = places.flatMap((key) => (typeof config?.[key] === "string" ? [withoutPassword(config[key])] : []));
  return [type, where.join("/")].join(" ").trim();
}

/** Where the program itself works: Terragrunt lets it work in a copy of the unit's code. */
export async function moduleOf(
  layer: StateLayer,
  directory: string,
  { signal }: Pick<StepContext, "signal">,
): Promise<string> {
  if (layer.kind !== "terragrunt") return directory;
  const argv = ["terragrunt", "info", "print", ...terragrunt, directory];
  const { stdout } = await runProgram({ argv, env: await environmentOf(layer), signal, timeoutMs: askMs });
  return Info.safeParse(json(stdout)).data?.working_dir ?? directory;
}

function withoutPassword(place: string): string {
  return place.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
}

/** What a person calls the layer. */
export function targetOf(layer: Layer): string {
  const workspace = layer.kind === "command" || layer.workspace === "default" ? "" : `, workspace ${layer.workspace}`;
  return `infrastructure ${layer.name} (${layer.kind} in ${layer.directory}${workspace})`;
}

/** A unit's path as one file name. */
export function slug(layer: Layer, unit: string): string {
  return unit === "" ? layer.name : `${layer.name}.${unit.replaceAll("/", "+")}`;
}
