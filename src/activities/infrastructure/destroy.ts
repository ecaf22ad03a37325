import { dirname, join } from "node:path";
import { rm } from "node:fs/promises";
import { describeFailure, fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { exists, readJson, sha256File, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import type { LongEnd } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";
import { applySaved } from "./apply-saved.ts";
import { failureOf, type Told } from "./causes.ts";
import { factsOf, lineagesOf, resourcesOf } from "./facts.ts";
import { statesOf } from "./inspect.ts";
import { type LockInfo, lockIn, releaseOwn } from "./lock.ts";
import { follow } from "./messages.ts";
import { assertNothingLeft, list } from "./nothing-left.ts";
import { makePlan, type PlannedUnit, plansDirectory, readWholePlan, savedPlan } from "./plan.ts";
import { addressIn } from "./planned.ts";
import { pullState, slug, targetOf } from "./program.ts";
import type { LayerInput, LayerInspection, LayerLoss, PlannedDestruction } from "./verbs.ts";

type Input = LayerInput<StateLayer> & { inspection: LayerInspection; planned: PlannedDestruction };

/** Carries out the plan that was shown, unit by unit in reverse order, and looks whether nothing is left. */
export async function destroyLayer({ layer, planned }: Input, context: StepContext): Promise<LayerLoss> {
  const whole = await readWholePlan(layer, planned, context);
  const file = intentFile(layer, context);
  const begun = await readJson<Intent>(file);
  if (begun === undefined) await assertUnchanged(layer, planned, context);
  const intent: Intent = begun ?? { lostAt: new Date().toISOString(), done: [] };
  if (begun === undefined) await writeAtomically(file, JSON.stringify(intent));
  const before = intent.done.length;
  await destroyUnits(layer, whole.units, intent, begun === undefined, context);
  await rm(plansDirectory(layer, context), { recursive: true, force: true });
  const note = `${planned.count} resources destroyed; every state is empty`;
  const { lostAt, done } = intent;
  return { lostAt, destroyed: planned.count, note: before === done.length ? `${note}, as this run had left it` : note };
}

/** Written before anything is destroyed, and after each unit: whoever goes on after a crash knows how far it came. */
export interface Intent {
  lostAt: string;
  /** Units that were seen to be empty. Terragrunt cannot be asked about them again once what they depend on is gone. */
  done: string[];
}

export function intentFile(layer: { name: string }, { directory }: Pick<StepContext, "directory">): string {
  return join(directory, "infrastructure", `${layer.name}.intent.json`);
}

/** @throws TARGET_GONE, IDENTITY_CHANGED, STATE_CHANGED, REFUSED */
async function assertUnchanged(layer: StateLayer, planned: PlannedDestruction, context: StepContext): Promise<void> {
  const units = planned.states.map(({ unit }) => ({ path: unit, directory: join(layer.directory, unit) }));
  const states = await statesOf(layer, units, context);
  if (resourcesOf(states) === 0)
    throw fail("TARGET_GONE", `${targetOf(layer)} has no resources any more, and this run has destroyed none`);
  for (const [index, now] of states.entries()) {
    const then = planned.states[index]!;
    const place = addressIn(now.unit, targetOf(layer));
    if (now.lineage !== then.lineage || now.workspace !== then.workspace)
      throw fail(
        "IDENTITY_CHANGED",
        `${place} has another state than was planned: lineage ${now.lineage || "none"}, not ${then.lineage || "none"}`,
        "Find out who has put another state there; abort, and start a new run.",
      );
    if (now.serial !== then.serial)
      throw fail(
        "STATE_CHANGED",
        `${place} was changed since its destruction was shown: serial ${now.serial}, not ${then.serial}`,
      );
  }
  const lineages = lineagesOf(states);
  const live = factsOf(layer, { identity: lineages.join(","), resources: resourcesOf(states), lineages }, context);
  const { unexpected, protected: kept } = planned.facts.infrastructure!;
  const facts = { ...live, infrastructure: { ...live.infrastructure!, unexpected, protected: kept } };
  await requireClear(facts, { backupId: planned.id, verifiedAt: planned.at, note: "" }, context);
}

/** @param isFirst nothing of the layer was begun before */
async function destroyUnits(
  layer: StateLayer,
  units: PlannedUnit[],
  intent: Intent,
  isFirst: boolean,
  context: StepContext,
): Promise<void> {
  for (const unit of units.toReversed()) {
    const isDone = intent.done.includes(unit.unit);
    if (isDone && units.length > 1) continue;
    try {
      if (!isDone && unit.destroys.length > 0) await destroyUnit(layer, unit, isFirst, context);
      await assertNothingLeft(layer, unit, context);
    } catch (error) {
      const { type, message } = describeFailure(error);
      if (type !== "STATE_CHANGED") throw error;
      if (intent.done.length > 0) throw fail("NOT_DESTROYED", message);
      // Nothing was touched, so that all is asked again when it is tried again.
      await rm(intentFile(layer, context));
      throw error;
    }
    if (isDone) continue;
    intent.done.push(unit.unit);
    await writeAtomically(intentFile(layer, context), JSON.stringify(intent));
  }
}

/** Killed and stale, locked by ourselves, and once more each. */
const mostRounds = 6;

async function destroyUnit(
  layer: StateLayer,
  unit: PlannedUnit,
  isFirst: boolean,
  context: StepContext,
): Promise<void> {
  const where = { path: unit.unit, directory: unit.directory };
  let file = savedPlan(layer, unit.unit, 0, context);
  let isFresh = (await exists(file)) && (await sha256File(file, context.signal)) === unit.sha256;
  let released: LockInfo | undefined;
  for (let round = 0; round < mostRounds; round += 1) {
    const job = `${slug(layer, unit.unit)}.destroy.${round}`;
    if (!isFresh) {
      if (await isEmpty(layer, unit, context)) return;
      file = savedPlan(layer, unit.unit, round + 1, context);
      const { destroys } = await makePlan(layer, where, `rest.${round}`, file, context);
      assertShown(layer, unit, destroys);
      isFresh = true;
    }
    const count = follow("destroyed", unit.destroys.length);
    const watch = async (stdout: string) => {
      const text = await count(stdout);
      return text && (unit.unit === "" ? text : `unit ${unit.unit}: ${text}`);
    };
    const result = await applySaved(layer, unit.directory, { job, file, watch }, context);
    if (result.end.exitCode === 0) return;
    const lock = lockIn(result.errors);
    if (result.errors.some(({ summary }) => summary === "Saved plan is stale")) {
      if (isFirst && round === 0 && isFirstStart(result.end)) throw changedMeanwhile(layer, unit);
      isFresh = false;
    } else if (lock !== undefined && lock.id !== released?.id) {
      await releaseOwn(lock, layer, unit.directory, context);
      released = lock;
    } else throw await notDestroyed(layer, unit, result, context);
  }
  throw fail("NOT_DESTROYED", `${addressIn(unit.unit, targetOf(layer))} changes while it is destroyed`);
}

/** None of its predecessors was killed, who may have changed the state. */
function isFirstStart({ stdout }: LongEnd): boolean {
  return dirname(stdout).endsWith(".1");
}

function changedMeanwhile(layer: StateLayer, { unit }: PlannedUnit): Error {
  return fail(
    "STATE_CHANGED",
    `${addressIn(unit, targetOf(layer))} was changed by somebody else right before its destruction`,
  );
}

async function isEmpty(layer: StateLayer, { directory }: PlannedUnit, context: StepContext): Promise<boolean> {
  return (await pullState(layer, directory, context)).addresses.length === 0;
}

/** What is left after a part was destroyed is planned anew, and must have been shown. */
function assertShown(layer: StateLayer, unit: PlannedUnit, destroys: string[]): void {
  const others = destroys.filter((address) => !unit.destroys.includes(address));
  if (others.length === 0) return;
  throw fail(
    "NOT_DESTROYED",
    `the rest of ${addressIn(unit.unit, targetOf(layer))} holds what was not there when its destruction was shown: ${others.slice(0, 20).join(", ")}`,
    "Somebody works on the same infrastructure: find out who. Take it out of the state or the code; then retry.",
  );
}

async function notDestroyed(layer: StateLayer, unit: PlannedUnit, result: Told, context: StepContext): Promise<Error> {
  const { addresses } = await pullState(layer, unit.directory, context);
  const left = `${addresses.length} of ${unit.destroys.length + unit.kept.length} resources are left: ${list(addresses)}`;
  return await failureOf(`the destruction of ${addressIn(unit.unit, layer.name)}`, result, "NOT_DESTROYED", left);
}
