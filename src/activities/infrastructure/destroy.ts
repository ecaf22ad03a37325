import { dirname, join } from "node:path";
import { rm } from "node:fs/promises";
import { describeFailure, fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { exists, readJson, sha256File, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import { type LongEnd, runLong } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";
import { failureOf, type Told, told } from "./causes.ts";
import { factsOf, lineagesOf, resourcesOf } from "./facts.ts";
import { statesOf } from "./inspect.ts";
import { type LockInfo, lockIn, releaseOwn } from "./lock.ts";
import { follow } from "./messages.ts";
import { makePlan, type PlannedUnit, plansDirectory, readWholePlan, savedPlan } from "./plan.ts";
import { addressIn } from "./planned.ts";
import { argvOf, ask, environmentOf, lockTimeoutOf, patienceMs, pullState, slug, targetOf } from "./program.ts";
import { readList, showsNothing } from "./state.ts";
import type { LayerInput, LayerInspection, LayerLoss, PlannedDestruction } from "./verbs.ts";

type Input = LayerInput<StateLayer> & { inspection: LayerInspection; planned: PlannedDestruction };

/** Carries out the plan that was shown, unit by unit in reverse order, and looks whether nothing is left. */
export async function destroyLayer({ layer, planned }: Input, context: StepContext): Promise<LayerLoss> {
  const whole = await readWholePlan(layer, planned, context);
  const intent = intentFile(layer, context);
  const begun = await readJson<Intent>(intent);
  if (begun === undefined) await assertUnchanged(layer, planned, context);
  const lostAt = begun?.lostAt ?? new Date().toISOString();
  if (begun === undefined) await writeAtomically(intent, JSON.stringify({ lostAt, done: false } satisfies Intent));
  if (begun?.done !== true) await destroyUnits(layer, whole.units, begun === undefined, context);
  for (const unit of whole.units) await assertNothingLeft(layer, unit, context);
  await writeAtomically(intent, JSON.stringify({ lostAt, done: true } satisfies Intent));
  await rm(plansDirectory(layer, context), { recursive: true, force: true });
  const note = `${planned.count} resources destroyed; every state is empty`;
  return { lostAt, destroyed: planned.count, note: begun?.done === true ? `${note}, as this run had left it` : note };
}

/** Written before anything is destroyed, and when all is: whoever goes on after a crash knows how far it came. */
export interface Intent {
  lostAt: string;
  done: boolean;
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
async function destroyUnits(layer: StateLayer, units: PlannedUnit[], isFirst: boolean, context: StepContext) {
  const all = units.filter(({ destroys }) => destroys.length > 0).toReversed();
  for (const [index, unit] of all.entries()) {
    try {
      await destroyUnit(layer, unit, isFirst, context);
    } catch (error) {
      // Nothing was touched, so that all is asked again when it is tried again.
      if (describeFailure(error).type === "STATE_CHANGED" && index === 0) {
        await rm(intentFile(layer, context));
        throw error;
      }
      if (describeFailure(error).type === "STATE_CHANGED") throw fail("NOT_DESTROYED", describeFailure(error).message);
      throw error;
    }
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
    const result = await runApply(layer, unit, job, file, context);
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

async function runApply(
  layer: StateLayer,
  { directory, destroys }: PlannedUnit,
  job: string,
  file: string,
  context: StepContext,
): Promise<Told> {
  const args = ["apply", "-input=false", "-json", lockTimeoutOf(layer), file];
  return await told(
    await runLong(context, job, {
      argv: argvOf(layer, directory, args),
      env: await environmentOf(layer),
      timeoutMs: layer.timeout,
      patienceMs,
      watch: follow("destroyed", destroys.length),
    }),
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

function list(addresses: string[]): string {
  return `${addresses.slice(0, 20).join(", ")}${addresses.length > 20 ? ` and ${addresses.length - 20} more` : ""}`;
}

/**
 * An exit code of 0 is what a program says. Destroyed is what neither `state list` nor `show` knows any more.
 * @throws NOT_DESTROYED with what is left
 */
async function assertNothingLeft(layer: StateLayer, unit: PlannedUnit, context: StepContext): Promise<void> {
  const listed = await ask(layer, unit.directory, ["state", "list"], context);
  const shown = await ask(layer, unit.directory, ["show", "-json"], context);
  // Without any state the list is an error, and there is nothing in it.
  const isGone = listed.exitCode === 0 || /No state file was found/.test(listed.stderr);
  const left = readList(listed.stdout);
  if (isGone && left.length === 0 && shown.exitCode === 0 && showsNothing(shown.stdout)) return;
  const where = addressIn(unit.unit, targetOf(layer));
  const what = left.length > 0 ? `is not empty: ${list(left)} are left` : "cannot be shown to be empty";
  throw fail("NOT_DESTROYED", `${layer.kind} said that it was done, but the state of ${where} ${what}`);
}
