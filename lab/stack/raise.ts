import { kubectl, waitUntil } from "../cluster/kubectl.ts";
import { findSandbox } from "../cluster/sandbox.ts";
import type { Built } from "../go-programs.ts";
import { layers } from "./contents.ts";
import { runStack, type Stage } from "./stage.ts";

/** Makes the cluster, and waits until Flux has applied all layers. @throws what Terragrunt says, and when it is not ready in time */
export async function raiseStage(stage: Stage, built: Built): Promise<void> {
  await runStack(stage, built, "apply");
  const ready = [...layers].map((layer) => `kustomization/${layer}`);
  const wait = ["-n", "flux-system", "wait", "--for=condition=Ready", "--timeout=1s", ...ready];
  await waitUntil("all layers are ready", 240_000, async () => (await askStage(stage, built, ...wait)).ok);
}

/** Asks the cluster that runs now, as its administrator. @throws when there is none */
export async function askStage({ cluster }: Stage, built: Built, ...args: string[]) {
  const sandbox = await findSandbox(cluster);
  if (sandbox === undefined) throw new Error(`the cluster ${cluster} does not run`);
  return await kubectl(sandbox.layout, built, ...args);
}
