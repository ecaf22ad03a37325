import type { Layer, StateLayer } from "../../plan/infrastructure-schema.ts";
import { holdingMeanwhile } from "../cluster/hold-early.ts";
import { whoAnswers } from "../cluster/is-gone.ts";
import { whileAsking } from "../cluster/outside.ts";
import { requireStillThere } from "../longhorn/last-look.ts";
import type { StepContext } from "../step.ts";
import { applyLayer } from "./apply.ts";
import { command } from "./command.ts";
import { exists } from "../files.ts";
import { requireAllSaved } from "../cluster/unsaved.ts";
import { destroyLayer, intentFile } from "./destroy.ts";
import { inspectLayer } from "./inspect.ts";
import { planLayer } from "./plan.ts";
import type { LayerCode } from "./verbs.ts";

const withState: LayerCode<StateLayer> = {
  inspect: inspectLayer,
  plan: planLayer,
  destroy: destroyLayer,
  apply: applyLayer,
};

/** Kind of a layer → its code. A kind without an entry, or an entry without a verb, does not compile. */
const kinds: { [K in Layer["kind"]]: LayerCode<Extract<Layer, { kind: K }>> } = {
  terraform: withState,
  tofu: withState,
  terragrunt: withState,
  command,
};

/** The layer that goes in decides which code it gets, so the cast is safe. */
function of(layer: Layer): LayerCode<Layer> {
  return kinds[layer.kind] as LayerCode<Layer>;
}

type Input<K extends keyof LayerCode<Layer>> = Parameters<LayerCode<Layer>[K]>[0];

export const inspectInfrastructure = (input: Input<"inspect">, context: StepContext) =>
  of(input.layer).inspect(input, context);
export const planInfrastructure = (input: Input<"plan">, context: StepContext) => of(input.layer).plan(input, context);
export async function destroyInfrastructure(input: Input<"destroy">, context: StepContext) {
  if (input.cluster !== undefined) {
    // Once something is destroyed it may be that nobody is left to ask.
    const isBegun = input.isFirst !== true || (await exists(intentFile(input.layer, context)));
    const isThere = !isBegun || (await whoAnswers(input.cluster.access, context)).who === "old";
    if (isThere) await requireAllSaved(input.cluster, context);
  }
  for (const one of input.data ?? []) if (one.kind === "longhorn") await requireStillThere(one, context);
  return await whileAsking(input.cluster, context, () => of(input.layer).destroy(input, context));
}
export const applyInfrastructure = (input: Input<"apply">, context: StepContext) =>
  whileAsking(input.cluster, context, () =>
    holdingMeanwhile(input.cluster, context, () => of(input.layer).apply(input, context)),
  );
