import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Built } from "../go-programs.ts";
import { applyManifests } from "../cluster/kubectl.ts";
import { applyDefinitions } from "./definitions.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";

/** Flux's source and kustomize controllers, as processes on the node instead of pods. */
export async function startFlux(sandbox: Sandbox, built: Built): Promise<void> {
  const { layout } = sandbox;
  const storage = join(layout.directory, "flux");
  await mkdir(storage, { recursive: true });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } };
  await applyManifests(layout, built, stringify(namespace));
  for (const name of ["source-controller", "kustomize-controller"] as const)
    await applyDefinitions(layout, built, built[name]);
  const env = { RUNTIME_NAMESPACE: "flux-system", KUBECONFIG: layout.kubeconfig };
  const address = "127.0.0.1:9790";
  await startWithin(
    sandbox,
    "source-controller",
    [
      join(built["source-controller"], "source-controller"),
      `--storage-path=${storage}`,
      `--storage-addr=${address}`,
      `--storage-adv-addr=${address}`,
      "--events-addr=",
      "--metrics-addr=127.0.0.1:9791",
      "--health-addr=127.0.0.1:9792",
    ],
    env,
  );
  await startWithin(
    sandbox,
    "kustomize-controller",
    [
      join(built["kustomize-controller"], "kustomize-controller"),
      // A layer looks again whether the one before it is ready; every 30 s otherwise.
      "--requeue-dependency=1s",
      "--events-addr=",
      "--metrics-addr=127.0.0.1:9793",
      "--health-addr=127.0.0.1:9794",
    ],
    env,
  );
}
