import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { longhornConfigs, longhornControllers } from "../longhorn/install.ts";
import { backupPlace, type Services } from "../services/services.ts";

/** Layers in their order; each needs the one before. */
export const layers = ["infrastructure-controllers", "infrastructure-configs", "apps"] as const;

export type Layer = (typeof layers)[number];

/** Those with workloads that use volumes. */
export const dataLayers: readonly Layer[] = ["apps"];

/** Who fills the cluster. */
export type GitopsTool = "flux" | "argocd";

/** What the cluster is filled with: files by path, for `commit()`. */
export function stackContents(services: Services, gitops: GitopsTool = "flux"): Record<string, string> {
  const apps = { ...filesOf("dr-exercise", drill), ...filesOf("shop", shop) };
  return {
    ...below("infrastructure-controllers", longhornControllers()),
    ...below("infrastructure-configs", longhornConfigs(backupPlace(services))),
    ...below("apps", gitops === "flux" ? apps : withLabImages(apps)),
  };
}

/** Flux is told to take another image; Argo CD, which has no kustomize here, reads the files as they are. */
function withLabImages(files: Record<string, string>): Record<string, string> {
  const all = Object.entries(files);
  return Object.fromEntries(all.map(([name, text]) => [name, text.replaceAll("busybox:1.37", "localhost/busybox:1")]));
}

function below(layer: Layer, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${layer}/${name}`, text]));
}

/** A workload to drill with, as users get it, and an application of the lab's own. */
const drill = join(import.meta.dirname, "..", "..", "deploy", "dr-exercise");
const shop = join(import.meta.dirname, "shop");

function filesOf(name: string, directory: string): Record<string, string> {
  const read = (file: string) => readFileSync(join(directory, file), "utf8");
  return Object.fromEntries(readdirSync(directory).map((file) => [`${name}/${file}`, read(file)]));
}

/** Flux's own objects: the repository and the layers. */
export function fluxBootstrap(repository: string): string {
  const layer = (name: Layer, index: number) => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  sourceRef: { kind: GitRepository, name: homelab }
  path: ./${name}
  prune: true
  wait: true
  interval: 10m
  retryInterval: 2s
  timeout: 2m
  dependsOn: ${JSON.stringify(layers.slice(0, index).map((before) => ({ name: before })))}
  # No registry of the world is asked.
  images: [{ name: busybox, newName: localhost/busybox, newTag: "1" }]
`;
  return `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: homelab, namespace: flux-system }
spec: { url: "${repository}", ref: { branch: main }, interval: 10m }
${layers.map(layer).join("")}`;
}
