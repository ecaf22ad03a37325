import { fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import type { StepContext } from "../step.ts";
import type { PlannedUnit } from "./plan.ts";
import { addressIn } from "./planned.ts";
import { ask, targetOf } from "./program.ts";
import { readList, showsNothing } from "./state.ts";

/**
 * An exit code of 0 is what a program says. Destroyed is what neither `state list` nor `show` knows any more.
 * @throws NOT_DESTROYED with what is left
 */
export async function assertNothingLeft(layer: StateLayer, unit: PlannedUnit, context: StepContext): Promise<void> {
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

/** As many as a person would read. */
export function list(addresses: string[]): string {
  return `${addresses.slice(0, 20).join(", ")}${addresses.length > 20 ? ` and ${addresses.length - 20} more` : ""}`;
}
