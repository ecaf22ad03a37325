import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { lastWords, runProgram } from "../exec.ts";
import type { StepContext } from "../step.ts";
import { environmentOf, terragrunt } from "./program.ts";
import { Found } from "./schema.ts";
import { json } from "./state.ts";

/** A root module, or a unit of Terragrunt. */
export interface Unit {
  /** Below the layer's directory; empty where the layer is one. */
  path: string;
  directory: string;
}

/**
 * What a layer consists of, in the order of applying. Of a stack the units are generated first.
 * @throws PROGRAM_FAILED, PROGRAM_MISSING
 */
export async function unitsOf(layer: StateLayer, context: Pick<StepContext, "signal">): Promise<Unit[]> {
  const { directory } = layer;
  if (layer.kind !== "terragrunt" || layer.mode === "unit") return [{ path: "", directory }];
  if (layer.mode === "stack") await run(["stack", "generate"], layer, context);
  const text = await run(["find", "--dag", "--json"], layer, context);
  const parsed = Found.safeParse(json(text));
  if (!parsed.success)
    throw fail(
      "PROGRAM_FAILED",
      `terragrunt find printed no list of units for ${directory}`,
      "Use Terragrunt 1.1 or newer.",
    );
  const units = parsed.data
    .filter(({ type }) => type === "unit")
    .map(({ path }) => ({ path, directory: join(directory, path) }));
  if (units.length > 0) return units;
  throw fail("PROGRAM_FAILED", `terragrunt finds no unit below ${directory}`, "Correct the layer's directory or mode.");
}

async function run(command: string[], layer: StateLayer, { signal }: Pick<StepContext, "signal">): Promise<string> {
  const argv = ["terragrunt", ...command, ...terragrunt, layer.directory];
  const end = await runProgram({ argv, env: await environmentOf(layer), signal, timeoutMs: 5 * 60_000 });
  if (end.exitCode === 0) return end.stdout;
  const what = `terragrunt ${command.slice(0, 2).join(" ")} in ${layer.directory}`;
  throw fail("PROGRAM_FAILED", `${what} ended with exit code ${end.exitCode}: ${lastWords(end.stderr)}`);
}
