import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { readJson } from "../files.ts";
import { runLong } from "../jobs/run-job.ts";
import { makePrivate } from "../run-directory.ts";
import type { StepContext } from "../step.ts";
import { failureOf, middleOut, type Told, told } from "./causes.ts";
import { resourcesOf } from "./facts.ts";
import { initialise, statesOf } from "./inspect.ts";
import { type LockInfo, lockIn, releaseOwn } from "./lock.ts";
import { follow } from "./messages.ts";
import { readWholePlan } from "./plan.ts";
import { makeAgain } from "./make-again.ts";
import { addressIn, cut } from "./planned.ts";
import {
  argvOf,
  environmentOf,
  lockTimeoutOf,
  patienceMs,
  pullState,
  targetOf,
  terragrunt,
  varsOf,
} from "./program.ts";
import { Report } from "./schema.ts";
import { type Unit, unitsOf } from "./units.ts";
import type { LayerBuilt, LayerInput, PlannedDestruction } from "./verbs.ts";

type Input = LayerInput<StateLayer> & { planned: PlannedDestruction | null };

/** Applies the layer; what is there already stays. */
export async function applyLayer({ layer, planned }: Input, context: StepContext): Promise<LayerBuilt> {
  await initialise(layer, context);
  const units = await unitsOf(layer, context);
  if (context.run.type === "restore") await makeAgain(layer, units, context);
  else await runApply(layer, units, planned?.count ?? 0, context);
  const states = await statesOf(layer, units, context);
  const resources = resourcesOf(states);
  if (resources === 0)
    throw fail(
      "NOT_BUILT",
      `${layer.kind} said that it was done, but ${targetOf(layer)} has no resources${planned === null ? "" : `; there were ${planned.count}`}`,
      "Look at the layer's code, workspace and variables; retry applies again.",
    );
  const missing = planned === null ? [] : await missingOf(layer, planned, units, context);
  const were =
    planned === null ? "" : ` (${planned.count} before${missing.length > 0 ? `, ${missing.length} are missing` : ""})`;
  return {
    builtAt: new Date().toISOString(),
    resources,
    states,
    missing: cut(missing),
    note: `${resources} resources${were}`,
  };
}

/** Waiting for a lock that a dead program left, and once more each for units that were begun together. */
const mostRounds = 6;

/** @param total how many resources there were; 0 where nobody knows @throws NOT_BUILT with the error's address, STATE_LOCKED, TIMED_OUT */
async function runApply(layer: StateLayer, units: Unit[], total: number, context: StepContext): Promise<void> {
  const report = join(context.directory, "infrastructure", `${layer.name}.report.json`);
  await makePrivate(join(context.directory, "infrastructure"));
  const released = new Set<string>();
  for (let round = 0; round < mostRounds; round += 1) {
    const end = await runLong(context, `${layer.name}.apply.${round}`, {
      argv: applyArgv(layer, report),
      env: await environmentOf(layer),
      timeoutMs: layer.timeout,
      patienceMs,
      prepare: () => rm(report, { force: true }),
      // One unit says by itself how many it makes; of several each says it when its turn comes.
      watch: follow("built", units.length > 1 ? total : 0),
    });
    const result = await told(end);
    const failed = await failedUnits(layer, report);
    if (end.exitCode === 0 && failed.length === 0) return;
    const lock = lockIn(result.errors);
    if (lock === undefined || released.has(lock.id)) throw await notBuilt(layer, result, failed);
    await release(lock, layer, units, failed, context);
    released.add(lock.id);
  }
  throw fail("NOT_BUILT", `${targetOf(layer)} is locked again and again by dead programs of ours`);
}

/** Terragrunt approves what it applies to all by itself; the units' own order and parallelism are its business. */
function applyArgv(layer: StateLayer, report: string): string[] {
  const args = ["apply", "-auto-approve", "-input=false", "-json", lockTimeoutOf(layer), ...varsOf(layer)];
  if (layer.kind !== "terragrunt" || layer.mode === "unit") return argvOf(layer, layer.directory, args);
  const command = layer.mode === "all" ? ["run", "--all"] : ["stack", "run"];
  const reported = ["--report-file", report, "--report-format", "json"];
  return ["terragrunt", ...command, ...terragrunt, layer.directory, ...reported, "--", ...args];
}

interface FailedUnit {
  name: string;
  why: string;
}

/** Units that Terragrunt did not apply, by its report: an exit code of 0 also covers those that it left out. */
async function failedUnits(layer: StateLayer, report: string): Promise<FailedUnit[]> {
  if (layer.kind !== "terragrunt" || layer.mode === "unit") return [];
  const parsed = Report.safeParse(await readJson(report));
  if (!parsed.success) return [];
  return parsed.data
    .filter(({ Result }) => Result === "failed" || Result === "early exit")
    .map(({ Name, Result, Reason, Cause }) => ({
      name: Name,
      why: middleOut([Result, Reason, Cause].filter(Boolean).join(", ")),
    }));
}

async function notBuilt(layer: StateLayer, result: Told, failed: FailedUnit[]): Promise<Error> {
  const left = failed.map(({ name, why }) => `${name}: ${why}`).join("; ");
  return await failureOf(`the apply of ${layer.name}`, result, "NOT_BUILT", left === "" ? "" : `of its units ${left}`);
}

/** Of several units nothing says whose state is locked: one that failed. */
async function release(
  lock: LockInfo,
  layer: StateLayer,
  units: Unit[],
  failed: FailedUnit[],
  context: StepContext,
): Promise<void> {
  const candidates = units.length === 1 ? units : units.filter(({ path }) => failed.some(({ name }) => name === path));
  let refused: unknown;
  for (const { directory } of candidates) {
    try {
      return await releaseOwn(lock, layer, directory, context, layer.directory);
    } catch (error) {
      refused = error;
    }
  }
  throw refused ?? fail("STATE_LOCKED", `a state of ${targetOf(layer)} is locked by ${lock.who} (ID ${lock.id})`);
}

/** What was there before and is not now, by its address. */
async function missingOf(
  layer: StateLayer,
  planned: PlannedDestruction,
  units: Unit[],
  context: StepContext,
): Promise<string[]> {
  const before = (await readWholePlan(layer, planned, context)).units;
  const missing: string[] = [];
  for (const { unit, destroys } of before) {
    const where = units.find(({ path }) => path === unit);
    const now = where === undefined ? [] : (await pullState(layer, where.directory, context)).addresses;
    missing.push(...destroys.filter((one) => !now.includes(one)).map((one) => addressIn(unit, one)));
  }
  return missing;
}
