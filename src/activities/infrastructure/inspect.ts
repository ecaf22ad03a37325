import { join } from "node:path";
import { describeFailure, fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { exists } from "../files.ts";
import { runLong } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";
import { failureOf, told } from "./causes.ts";
import { factsOf, lineagesOf, resourcesOf } from "./facts.ts";
import { argvOf, backendOf, environmentOf, moduleOf, pullState } from "./program.ts";
import { type Unit, unitsOf } from "./units.ts";
import type { LayerInput, LayerInspection, UnitState } from "./verbs.ts";

/** Prepares the directory and reads the states. */
export async function inspectLayer({ layer }: LayerInput<StateLayer>, context: StepContext): Promise<LayerInspection> {
  await initialise(layer, context);
  const isRestore = context.run.type === "restore";
  const states = await statesOf(layer, await unitsOf(layer, context), context, isRestore);
  const lineages = lineagesOf(states);
  const resources = resourcesOf(states);
  const facts = factsOf(layer, { identity: lineages.join(","), resources, lineages }, context);
  return { facts, states, note: noteOf(states) };
}

/** It makes nothing that must be written down, and the next one mends what it has left half-done. */
const initPatienceMs = 10_000;

/** Terragrunt does it by itself, whenever it is needed. @throws PROGRAM_FAILED */
export async function initialise(layer: StateLayer, context: StepContext): Promise<void> {
  if (!(await exists(layer.directory)))
    throw fail("PROGRAM_FAILED", `there is no directory ${layer.directory}`, "Correct the layer's directory.");
  if (layer.kind === "terragrunt") return;
  const { backendConfig } = layer;
  // The plan says which backend is meant, not what somebody has initialised the directory with before.
  const backend = backendConfig === undefined ? [] : ["-reconfigure", `-backend-config=${backendConfig}`];
  const args = ["init", "-input=false", "-no-color", ...backend];
  const end = await runLong(context, `${layer.name}.init`, {
    argv: argvOf(layer, layer.directory, args),
    env: await environmentOf(layer),
    timeoutMs: layer.timeout,
    patienceMs: initPatienceMs,
  });
  if (end.exitCode !== 0)
    throw await failureOf(`${layer.kind} init of ${layer.name}`, await told(end), "PROGRAM_FAILED");
}

const nothingYet = { lineage: "", serial: 0, addresses: [] };

/** Terragrunt cannot even read the state of a unit, as long as another one on which it depends has nothing to tell it. */
function waitsForOutputs(error: unknown): boolean {
  return /detected no outputs|has not been applied yet/i.test(describeFailure(error).message);
}

/** Reads every state, and looks for what a program could not write into it. @throws STATE_DAMAGED */
export async function statesOf(
  layer: StateLayer,
  units: Unit[],
  context: Pick<StepContext, "signal" | "progress">,
  isRestore = false,
): Promise<UnitState[]> {
  const states: UnitState[] = [];
  for (const { path: unit, directory } of units) {
    if (units.length > 1) context.progress(`reading state ${states.length + 1} of ${units.length}: ${unit}`);
    const module = await moduleOf(layer, directory, context);
    if (await exists(join(module, "errored.tfstate")))
      throw fail(
        "STATE_DAMAGED",
        `${module} holds errored.tfstate: what a program made could not be written into the state`,
        "Bring it back with `state push errored.tfstate`, remove the file, then retry.",
      );
    const { lineage, serial, addresses } = await pullState(layer, directory, context).catch((error: unknown) => {
      if (isRestore && waitsForOutputs(error)) return nothingYet;
      throw error;
    });
    const backend = await backendOf(module);
    states.push({ unit, workspace: layer.workspace, backend, lineage, serial, resources: addresses.length });
  }
  return states;
}

function noteOf(states: UnitState[]): string {
  const [first] = states;
  if (states.length > 1 || first === undefined) return `${resourcesOf(states)} resources in ${states.length} states`;
  if (first.lineage === "") return `no state in backend ${first.backend}`;
  const { resources, lineage, serial, backend, workspace } = first;
  return `${resources} resources; state ${lineage}, serial ${serial}, workspace ${workspace}, backend ${backend}`;
}
