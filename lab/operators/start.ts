import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { applyManifests } from "../cluster/kubectl.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";
import type { Built } from "../go-programs.ts";
import { startInfisicalOperator } from "./infisical.ts";

const classes = [
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "lab.firedrill/local",
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "lab" },
    spec: { controller: "lab.firedrill/ingress" },
  },
];

/** The stand-ins for what a real cluster has installed, each a process of its own, so that a test can take one away. */
export async function startOperators(sandbox: Sandbox, built: Built): Promise<void> {
  const { directory, kubeconfig, nodeAddress } = sandbox.layout;
  const volumes = join(directory, "volumes");
  await mkdir(volumes, { recursive: true });
  await applyManifests(sandbox.layout, built, classes.map((one) => stringify(one)).join("---\n"));
  const start = async (name: string, ...args: string[]) => {
    const program = join(import.meta.dirname, `${name}.ts`);
    await startWithin(sandbox, name, [process.execPath, program, kubeconfig, ...args]);
  };
  await start("volume-provisioner", volumes);
  await start("ingress-controller", nodeAddress);
  await startInfisicalOperator(sandbox, built);
}
