import { posix } from "node:path";
import { type ComponentFacts, nothingAmiss } from "../../guard/facts.ts";
import type { Layer } from "../../plan/infrastructure-schema.ts";
import type { StepContext } from "../step.ts";
import { targetOf } from "./program.ts";
import type { UnitState } from "./verbs.ts";

const nothing = { names: [], more: 0 };

/** What the guards know of a layer before anything is planned. */
export function factsOf(
  layer: Layer,
  { identity, resources, lineages }: { identity: string; resources: number; lineages: string[] },
  { config }: Pick<StepContext, "config">,
): ComponentFacts {
  const directory = posix.normalize(layer.directory).replace(/(?<=.)\/$/, "");
  const workspace = layer.kind === "command" ? "default" : layer.workspace;
  const entries = config.mayDestroy.flatMap((entry) =>
    "infrastructure" in entry && entry.infrastructure === directory && entry.workspace === workspace ? [entry] : [],
  );
  const known = entries.flatMap(({ lineage }) => lineage ?? []);
  const strangers = known.length === 0 ? [] : lineages.filter((lineage) => !known.includes(lineage));
  const ofState = layer.kind === "command" ? "" : lineOf(workspace, strangers[0] ?? lineages[0]);
  return {
    name: layer.name,
    kind: layer.kind,
    target: targetOf(layer),
    lock: `infrastructure${directory}`,
    exists: resources > 0,
    identity,
    listed: entries.length > 0,
    listLine: `- { infrastructure: ${JSON.stringify(directory)}${ofState} }`,
    ...nothingAmiss,
    infrastructure: { resources, strangers, unexpected: nothing, protected: nothing },
  };
}

function lineOf(workspace: string, lineage: string | undefined): string {
  const which = workspace === "default" ? "" : `, workspace: ${JSON.stringify(workspace)}`;
  return lineage === undefined ? which : `${which}, lineage: ${JSON.stringify(lineage)}`;
}

/** The lineages of the states that there are. */
export function lineagesOf(states: UnitState[]): string[] {
  return states.map(({ lineage }) => lineage).filter((lineage) => lineage !== "");
}

export function resourcesOf(states: UnitState[]): number {
  return states.reduce((sum, { resources }) => sum + resources, 0);
}
