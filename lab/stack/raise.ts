import { skipReconcile } from "../../src/activities/kubernetes/gitops-hold.ts";
import { kubectl, waitUntil } from "../cluster/kubectl.ts";
import { findSandbox } from "../cluster/sandbox.ts";
import type { Built } from "../go-programs.ts";
import { dataLayers, type GitopsTool, layers } from "./contents.ts";
import { runStack, type Stage } from "./stage.ts";

/** What says of a layer that it is ready. */
const saying: Record<GitopsTool, { namespace: string; kind: string; conditions: string[] }> = {
  flux: { namespace: "flux-system", kind: "kustomization", conditions: ["condition=Ready"] },
  argocd: {
    namespace: "argocd",
    kind: "application",
    conditions: ["jsonpath={.status.sync.status}=Synced", "jsonpath={.status.health.status}=Healthy"],
  },
};

/** Makes the cluster, and waits until all layers are applied. @throws what Terragrunt says, and when it is not ready in time */
export async function raiseStage(stage: Stage, built: Built): Promise<void> {
  await runStack(stage, built, "apply");
  await beginEmpty(stage, built);
  await waitUntil("all layers are ready", 240_000, async () => await layersReady(stage, built));
}

/** By what Flux or Argo CD says now. */
export async function layersReady(stage: Stage, built: Built): Promise<boolean> {
  const { namespace, kind, conditions } = saying[stage.gitops];
  for (const condition of conditions) {
    const wait = [
      "-n",
      namespace,
      "wait",
      `--for=${condition}`,
      "--timeout=1s",
      ...layers.map((one) => `${kind}/${one}`),
    ];
    if (!(await askStage(stage, built, ...wait)).ok) return false;
  }
  return true;
}

/** Lets go what waits for data: as a person does for a cluster into which nothing is restored. */
async function beginEmpty(stage: Stage, built: Built): Promise<void> {
  if (stage.gitops !== "argocd") return;
  const words = ["-n", "argocd", "annotate", "application", ...dataLayers, `${skipReconcile}-`];
  const { ok, output } = await askStage(stage, built, ...words);
  if (!ok) throw new Error(`kubectl annotate: ${output}`);
}

/** Asks the cluster that runs now, as its administrator. @throws when there is none */
export async function askStage({ cluster }: Stage, built: Built, ...args: string[]) {
  const sandbox = await findSandbox(cluster);
  if (sandbox === undefined) throw new Error(`the cluster ${cluster} does not run`);
  return await kubectl(sandbox.layout, built, ...args);
}
