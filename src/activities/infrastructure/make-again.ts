import { fail } from "../../failures.ts";
import { named } from "../../guard/facts.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { noteLeftover } from "../leftovers.ts";
import type { StepContext } from "../step.ts";
import { applySaved } from "./apply-saved.ts";
import { failureOf } from "./causes.ts";
import { lockIn, releaseOwn } from "./lock.ts";
import { follow } from "./messages.ts";
import { plansDirectory, savedPlan, savePlan } from "./plan.ts";
import { addressIn, cut, readLosses } from "./planned.ts";
import { slug, targetOf } from "./program.ts";
import type { Unit } from "./units.ts";

/** Waiting for a lock that a dead program left, and plans that were stale by the time they were applied. */
const mostRounds = 4;

/**
 * Makes a layer again after a real loss, unit by unit. What is still there may hold the last copy of something: each plan is read
 * before it is applied, and one that takes anything away is not carried out.
 * @throws REFUSED before the unit is touched; NOT_BUILT with the error's address, STATE_LOCKED, TIMED_OUT
 */
export async function makeAgain(layer: StateLayer, units: Unit[], context: StepContext): Promise<void> {
  await noteLeftover(context.directory, `plans.${layer.name}`, { kind: "path", path: plansDirectory(layer, context) });
  for (const [index, unit] of units.entries()) {
    if (units.length > 1) context.progress(`unit ${index + 1} of ${units.length}: ${unit.path}`);
    await makeUnit(layer, unit, context);
  }
}

async function makeUnit(layer: StateLayer, unit: Unit, context: StepContext): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) {
    const file = savedPlan(layer, unit.path, round, context);
    const made = await savePlan(layer, unit, { name: `again.${round}`, of: [], file }, context);
    requireHarmless(layer, unit, "text" in made ? readLosses(made.text) : made.protected);
    const job = `${slug(layer, unit.path)}.apply.${round}`;
    const result = await applySaved(layer, unit.directory, { job, file, watch: follow("built", 0) }, context);
    if (result.end.exitCode === 0) return;
    const lock = lockIn(result.errors);
    if (lock !== undefined) await releaseOwn(lock, layer, unit.directory, context);
    else if (!result.errors.some(({ summary }) => summary === "Saved plan is stale"))
      throw await failureOf(`the apply of ${addressIn(unit.path, layer.name)}`, result, "NOT_BUILT");
  }
  throw fail("NOT_BUILT", `${addressIn(unit.path, targetOf(layer))} changes, or is locked, again and again`);
}

/** @throws REFUSED */
function requireHarmless(layer: StateLayer, { path }: Unit, losses: string[]): void {
  if (losses.length === 0) return;
  const what = losses.map((one) => addressIn(path, one));
  throw fail(
    "REFUSED",
    `to make ${addressIn(path, layer.name)} again would destroy what is there: ${named(cut(what))}`,
    "A restore destroys nothing. Apply the layer yourself by its own program, or take out of the state what is gone (`state rm`); then retry.",
  );
}
