import type { StateLayer } from "../../plan/infrastructure-schema.ts";
import { type LongProgram, runLong } from "../jobs/run-job.ts";
import type { StepContext } from "../step.ts";
import { type Told, told } from "./causes.ts";
import { argvOf, environmentOf, lockTimeoutOf, patienceMs, pullState } from "./program.ts";

/** Carries out a saved plan, of a destruction or of what is to be made; whatever its program says of it. */
export async function applySaved(
  layer: StateLayer,
  directory: string,
  { job, file, watch }: { job: string; file: string; watch: LongProgram["watch"] },
  context: StepContext,
): Promise<Told> {
  // An error of a provisioner quotes its command, with all that the state keeps secret.
  const { secrets } = await pullState(layer, directory, context);
  return await told(
    await runLong(context, job, {
      argv: argvOf(layer, directory, ["apply", "-input=false", "-json", lockTimeoutOf(layer), file]),
      env: await environmentOf(layer),
      secrets,
      timeoutMs: layer.timeout,
      patienceMs,
      watch,
    }),
  );
}
