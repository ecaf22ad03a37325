import { createHash } from "node:crypto";
import { fail } from "../../failures.ts";
import type { CommandLayer, Expectation } from "../../plan/infrastructure-schema.ts";
import { type ProgramEnd, lastWords, runProgram } from "../exec.ts";
import { readJson, writeAtomically } from "../files.ts";
import { requireClear } from "../guard.ts";
import { longFailure, runLong, type LongEnd } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";
import { type Intent, intentFile } from "./destroy.ts";
import { factsOf } from "./facts.ts";
import { sha256 } from "./plan.ts";
import { environmentOf, patienceMs, targetOf } from "./program.ts";
import type { LayerCode, LayerInspection } from "./verbs.ts";

/** A layer that programs of a person's own make and destroy. It has no state, so that its `inspect` is asked instead. */

const nothing = { names: [], more: 0 };

async function look(layer: CommandLayer, context: StepContext): Promise<{ exists: boolean; identity: string }> {
  const [program = "", ...args] = layer.inspect.run;
  const env = await environmentOf(layer);
  const end = await runProgram({ argv: [program, ...args], env, cwd: layer.directory, signal: context.signal });
  const identity = createHash("sha256").update(end.stdout.trim()).digest("hex").slice(0, 16);
  if (meets(end, layer.inspect.gone)) return { exists: false, identity: "" };
  if (meets(end, layer.inspect.exists)) return { exists: true, identity: end.stdout.trim() === "" ? "" : identity };
  throw fail(
    "PROGRAM_FAILED",
    `the \`inspect\` of ${targetOf(layer)} says neither that it exists nor that it is gone: exit code ${end.exitCode}: ${lastWords(end.stderr || end.stdout)}`,
    "Correct the command, or what `exists` and `gone` expect; then retry.",
  );
}

function meets({ exitCode, stdout }: ProgramEnd, wanted: Expectation): boolean {
  return exitCode === wanted.exitCode && (wanted.contains === undefined || stdout.includes(wanted.contains));
}

async function runCommand(layer: CommandLayer, verb: "destroy" | "apply", context: StepContext): Promise<LongEnd> {
  const end = await runLong(context, `${layer.name}.${verb}`, {
    argv: layer[verb],
    env: await environmentOf(layer),
    cwd: layer.directory,
    timeoutMs: layer.timeout,
    patienceMs,
    progress: (line) => (line.trim() === "" ? undefined : line.slice(0, 200)),
  });
  if (end.exitCode === 0) return end;
  const { message } = await longFailure(`the \`${verb}\` of ${targetOf(layer)}`, end);
  const hint = `Its whole output is in ${end.stdout} on the worker's host. Retry runs it again.`;
  throw fail(verb === "destroy" ? "NOT_DESTROYED" : "NOT_BUILT", message, hint);
}

async function inspectCommand({ layer }: { layer: CommandLayer }, context: StepContext): Promise<LayerInspection> {
  const { exists, identity } = await look(layer, context);
  const facts = factsOf(layer, { identity, resources: exists ? 1 : 0, lineages: [] }, context);
  return { facts, states: [], note: exists ? `it exists: ${identity || "but does not say who it is"}` : "it is gone" };
}

export const command: LayerCode<CommandLayer> = {
  inspect: inspectCommand,

  async plan({ layer, inspection }, context) {
    const { facts } = await inspectCommand({ layer }, context);
    const at = new Date().toISOString();
    const id = sha256(JSON.stringify([layer.destroy, facts.identity]));
    if (facts.identity !== inspection.facts.identity) throw changed(layer, facts.identity, inspection.facts.identity);
    const note = `${layer.destroy[0]} would destroy it; what that takes along, nobody can say beforehand`;
    return { id, at, facts, states: [], count: facts.exists ? 1 : 0, destroys: nothing, kept: nothing, note };
  },

  async destroy({ layer, planned }, context) {
    const intent = intentFile(layer, context);
    const begun = await readJson<Intent>(intent);
    if (begun === undefined) {
      const { facts } = await inspectCommand({ layer }, context);
      if (!facts.exists) throw fail("TARGET_GONE", `${targetOf(layer)} is gone, and this run has not destroyed it`);
      if (facts.identity !== planned.facts.identity) throw changed(layer, facts.identity, planned.facts.identity);
      await requireClear(facts, { backupId: planned.id, verifiedAt: planned.at, note: "" }, context);
    }
    const lostAt = begun?.lostAt ?? new Date().toISOString();
    if (begun === undefined) await writeAtomically(intent, JSON.stringify({ lostAt, done: [] } satisfies Intent));
    await runCommand(layer, "destroy", context);
    const { exists } = await look(layer, context);
    if (exists) throw fail("NOT_DESTROYED", `the \`destroy\` of ${targetOf(layer)} ended well, but it still exists`);
    return { lostAt, destroyed: 1, note: "destroyed, and its `inspect` says that it is gone" };
  },

  async apply({ layer, planned }, context) {
    // What a person's own program does to what is there nobody can say beforehand.
    if (context.run.type === "restore" && (await look(layer, context)).exists) {
      const note = "it is there already, and was left as it is";
      return { builtAt: new Date().toISOString(), resources: 1, states: [], missing: nothing, note };
    }
    await runCommand(layer, "apply", context);
    const { exists, identity } = await look(layer, context);
    if (!exists) throw fail("NOT_BUILT", `the \`apply\` of ${targetOf(layer)} ended well, but it does not exist`);
    const same = identity === planned?.facts.identity;
    const who = identity === "" ? "built, and does not say who it is" : `built: ${identity}`;
    const note = same ? "built, but it says that it is the very one that was destroyed" : who;
    return { builtAt: new Date().toISOString(), resources: 1, states: [], missing: nothing, note };
  },
};

function changed(layer: CommandLayer, now: string, then: string): Error {
  return fail(
    "IDENTITY_CHANGED",
    `${targetOf(layer)} is another than was inspected: its \`inspect\` prints something else (${now || "nothing"}, not ${then || "nothing"})`,
    "Find out what was put in its place; abort, and start a new run.",
  );
}
