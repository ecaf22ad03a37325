import { resolve } from "node:path";
import { type ComponentFacts, lostWithCluster } from "../../guard/facts.ts";
import type { CommandLayer, Layer, StateLayer } from "../../plan/infrastructure-schema.ts";
import type { Plan } from "../../plan/schema.ts";
import type { Scenario } from "../../report/record.ts";
import { output, programMissing } from "../exec.ts";
import { exists } from "../files.ts";
import { inspectInfrastructure } from "../infrastructure/index.ts";
import { findAll } from "../postgres/programs.ts";
import { programEnvironment } from "../program-environment.ts";
import type { StepContext } from "../step.ts";
import { find, type Finding, type Seen } from "./finding.ts";

/** The layers of infrastructure: their programs, directories and states. */

/** Terragrunt asks a program for each unit, and a backend may be far away. */
const limitMs = 30_000;

export async function lookAtLayerPrograms({ infrastructure = [] }: Plan): Promise<Finding[]> {
  return await Promise.all(
    infrastructure.map((layer) => find("programs", layer.name, async () => await programsOf(layer))),
  );
}

/**
 * By the very inspection that a drill begins with: it prepares the directory (`init`) and changes no infrastructure. Returns when
 * no program of it runs any more, that of a layer which was given up included: it would outlive its directory.
 */
export async function lookAtLayers(
  { infrastructure = [] }: Plan,
  context: StepContext,
  limit = limitMs,
): Promise<{ findings: Finding[]; facts: ComponentFacts[] }> {
  const facts: ComponentFacts[] = [];
  const looks: Promise<unknown>[] = [];
  const findings = infrastructure.map((layer) => {
    const look = async (signal: AbortSignal) => {
      const seen = await inspectInfrastructure(
        { run: context.run, layer },
        // An attempt that nobody has cancelled leaves its program to the next one; here there is none.
        { ...context, signal, cancelRequested: () => true },
      );
      signal.throwIfAborted();
      facts.push(seen.facts);
      return `${seen.facts.target}: ${seen.note}`;
    };
    const looking = (signal: AbortSignal) => {
      const seen = look(signal);
      looks.push(seen);
      return seen;
    };
    return find("plan", `layer ${layer.name}`, looking, limit);
  });
  const found = await Promise.all(findings);
  await Promise.allSettled(looks);
  return { findings: found, facts };
}

/** That a volume may not be destroyed alone is no fault where it is lost with its cluster. */
export function withCluster<F extends { facts: Partial<Record<Scenario, ComponentFacts>> }>(
  found: F,
  { components }: Plan,
): F {
  const { volume, ...facts } = found.facts;
  if (volume === undefined || !components.some(({ kind }) => kind === "cluster")) return found;
  const alone = volume.listed ? { volume } : {};
  return { ...found, facts: { ...facts, ...alone, cluster: lostWithCluster(volume) } };
}

/** @throws PROGRAM_MISSING */
async function programsOf(layer: Layer): Promise<Seen> {
  if (layer.kind === "command") return await ownPrograms(layer);
  return layer.kind === "terragrunt" ? await withTerragrunt() : await versionOf(layer.kind);
}

/** @throws PROGRAM_MISSING */
async function ownPrograms({ directory, inspect, destroy, apply }: CommandLayer): Promise<Seen> {
  const programs = [...new Set([inspect.run, destroy, apply].map(([program]) => program!))];
  for (const program of programs) {
    const found = program.includes("/")
      ? await exists(resolve(directory, program))
      : (await findAll(program)).length > 0;
    if (!found) throw programMissing(program);
  }
  return programs.join(", ");
}

/** It calls OpenTofu, or else Terraform, unless it is told which one. @throws PROGRAM_MISSING */
async function withTerragrunt(): Promise<Seen> {
  const own = await versionOf("terragrunt");
  const told = programEnvironment()["TG_TF_PATH"];
  for (const program of told === undefined ? ["tofu", "terraform"] : [told]) {
    // One that is not there, or does not run, is none: the next one is tried, and without any that is said.
    const version = await versionOf(program).catch(() => undefined);
    if (version !== undefined) return `${own}, ${version}`;
  }
  return {
    message: `${own}, but ${told ?? "neither tofu nor terraform"} can be called`,
    hint: "Install OpenTofu or Terraform, unless the code of the units names another program.",
  };
}

/** @throws PROGRAM_MISSING */
async function versionOf(program: StateLayer["kind"] | (string & {})): Promise<string> {
  const text = await output({ argv: [program, "--version"] });
  // "OpenTofu v1.12.6", "terragrunt version v1.1.3"; warnings may stand before it.
  return (
    /^.*\bv\d+\.\d+\.\d+.*$/m.exec(text)?.[0].replace(" version", "") ?? `${program}, which does not say its version`
  );
}
