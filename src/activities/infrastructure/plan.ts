import { createHash } from "node:crypto";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { makePrivate } from "../run-directory.ts";
import { readJson, sha256File, writeAtomically } from "../files.ts";
import { runLong } from "../jobs/run-job.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import { failureOf, told } from "./causes.ts";
import { lockIn, releaseOwn } from "./lock.ts";
import { addressIn, cut, readDestruction, unexpected } from "./planned.ts";
import { answer, argvOf, environmentOf, lockTimeoutOf, patienceMs, pullState, slug, varsOf } from "./program.ts";
import { statesOf } from "./inspect.ts";
import { type Unit, unitsOf } from "./units.ts";
import type { LayerInput, LayerInspection, PlannedDestruction, UnitState } from "./verbs.ts";

/** All that was planned, as it lies in the run's directory. */
export interface WholePlan {
  at: string;
  units: PlannedUnit[];
}

export interface PlannedUnit {
  unit: string;
  directory: string;
  lineage: string;
  serial: number;
  destroys: string[];
  kept: string[];
  protected: string[];
  /** Of the saved plan; null where nothing is to be destroyed, or it may not be. */
  sha256: string | null;
}

/** Plans the destruction of every unit, and keeps what was planned. */
export async function planLayer(
  { layer, inspection }: LayerInput<StateLayer> & { inspection: LayerInspection },
  context: StepContext,
): Promise<PlannedDestruction> {
  const units = await unitsOf(layer, context);
  const states = await statesOf(layer, units, context);
  await noteLeftover(context.directory, `plans.${layer.name}`, { kind: "path", path: plansDirectory(layer, context) });
  await makePrivate(plansDirectory(layer, context));
  const planned: PlannedUnit[] = [];
  for (const [index, unit] of units.entries()) {
    if (units.length > 1) context.progress(`planning unit ${index + 1} of ${units.length}: ${unit.path}`);
    planned.push(await planUnit(layer, unit, states[index]!, context));
  }
  const whole: WholePlan = { at: new Date().toISOString(), units: planned };
  const text = JSON.stringify(whole, null, 2);
  await writeAtomically(wholePlanFile(layer, context), text);
  return shown(layer, whole, text, states, inspection);
}

function shown(
  layer: StateLayer,
  { at, units }: WholePlan,
  text: string,
  states: UnitState[],
  { facts }: LayerInspection,
): PlannedDestruction {
  const of = (key: "destroys" | "kept" | "protected") =>
    units.flatMap((one) => one[key].map((address) => addressIn(one.unit, address)));
  const destroys = of("destroys");
  const kept = of("kept");
  const infrastructure = {
    ...facts.infrastructure!,
    unexpected: cut(unexpected(destroys, layer.destroys)),
    protected: cut(of("protected")),
  };
  return {
    id: sha256(text),
    at,
    facts: { ...facts, infrastructure },
    states,
    count: destroys.length,
    destroys: cut(destroys, 50),
    kept: cut(kept),
    note: `${destroys.length} resources would be destroyed, ${kept.length} kept`,
  };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Saved plans hold values of the state, secret ones too: the clean-up removes them with their directory. */
export function plansDirectory(layer: StateLayer, { directory }: Pick<StepContext, "directory">): string {
  return join(directory, "infrastructure", `${layer.name}.plans`);
}

/** Addresses and no values: it stays with the run. */
function wholePlanFile(layer: StateLayer, { directory }: Pick<StepContext, "directory">): string {
  return join(directory, "infrastructure", `${layer.name}.json`);
}

export async function readWholePlan(
  layer: StateLayer,
  { id }: PlannedDestruction,
  context: Pick<StepContext, "directory">,
): Promise<WholePlan> {
  const whole = await readJson<WholePlan>(wholePlanFile(layer, context));
  if (whole !== undefined && sha256(JSON.stringify(whole, null, 2)) === id) return whole;
  throw fail("STATE_DAMAGED", `the plan of the destruction of ${layer.name} that was shown is not there any more`);
}

export function savedPlan(
  layer: StateLayer,
  unit: string,
  round: number,
  context: Pick<StepContext, "directory">,
): string {
  return join(plansDirectory(layer, context), `${slug(layer, unit)}.${round}.tfplan`);
}

async function planUnit(layer: StateLayer, unit: Unit, state: UnitState, context: StepContext): Promise<PlannedUnit> {
  const { path, directory } = unit;
  const { lineage, serial } = state;
  const base = { unit: path, directory, lineage, serial };
  const nothing = { ...base, destroys: [], kept: [], protected: [], sha256: null };
  if (state.resources === 0) return nothing;
  const file = savedPlan(layer, path, 0, context);
  const made = await makePlan(layer, unit, "plan", file, context);
  const { addresses } = await pullState(layer, directory, context);
  if (made.protected.length > 0) return { ...nothing, kept: addresses, protected: made.protected };
  const kept = addresses.filter((address) => !made.destroys.includes(address));
  return { ...base, destroys: made.destroys, kept, protected: [], sha256: await sha256File(file, context.signal) };
}

/** Waiting for a lock that a dead program left, and the plan after it was released. */
const tries = 2;

/**
 * Saves the plan of a unit's destruction.
 * @param name of its job; a plan that was made under that name in this try is taken
 * @throws STATE_LOCKED, PROGRAM_FAILED with the error's address
 */
export async function makePlan(
  layer: StateLayer,
  unit: Unit,
  name: string,
  file: string,
  context: StepContext,
): Promise<{ destroys: string[]; protected: string[] }> {
  const made = await savePlan(layer, unit, { name, of: ["-destroy"], file }, context);
  return "text" in made ? { destroys: readDestruction(made.text), protected: [] } : { destroys: [], ...made };
}

interface Saved {
  name: string;
  /** What kind of plan it is, as arguments. */
  of: string[];
  file: string;
}

/** @returns the plan as JSON, or what may not be destroyed and so keeps it from being made @throws as makePlan */
export async function savePlan(
  layer: StateLayer,
  { path, directory }: Unit,
  { name, of, file }: Saved,
  context: StepContext,
): Promise<{ text: string } | { protected: string[] }> {
  await makePrivate(plansDirectory(layer, context));
  const args = ["plan", ...of, "-input=false", "-json", lockTimeoutOf(layer), ...varsOf(layer), `-out=${file}`];
  const { secrets } = await pullState(layer, directory, context);
  for (let round = 1; ; round += 1) {
    const end = await runLong(context, `${slug(layer, path)}.${name}.${round}`, {
      argv: argvOf(layer, directory, args),
      env: await environmentOf(layer),
      secrets,
      timeoutMs: layer.timeout,
      patienceMs,
    });
    if (end.exitCode === 0) return { text: await answer(layer, directory, ["show", "-json", file], context) };
    const result = await told(end);
    const protectedOnes = result.errors.filter(({ summary, detail }) => isProtected(summary, detail));
    if (protectedOnes.length > 0) return { protected: protectedOnes.map(addressOfProtected) };
    const lock = lockIn(result.errors);
    if (lock === undefined || round === tries)
      throw await failureOf(
        `the plan to ${of.length === 0 ? "make" : "destroy"} ${addressIn(path, layer.name)}`,
        result,
        "PROGRAM_FAILED",
      );
    await releaseOwn(lock, layer, directory, context);
  }
}

function isProtected(summary: string, detail: string): boolean {
  return /cannot be destroyed$/i.test(summary) && /prevent_destroy/.test(detail);
}

/** Terraform writes the address into the text only. */
function addressOfProtected({ address, detail }: { address: string; detail: string }): string {
  return address || (/[Rr]esource (?:instance )?(\S+)/.exec(detail)?.[1] ?? "a resource");
}
