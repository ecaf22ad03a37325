import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../failures.ts";
import type { Noted } from "../checks/index.ts";
import { exists, readJson, writeAtomically } from "../files.ts";
import type { StepContext } from "../step.ts";

/** What a run keeps of the cluster in its directory, which lies outside of the cluster. */

export interface Known {
  /** uid of namespace kube-system; empty where the cluster was lost before anybody could look. */
  identity: string;
  /** Address of the API server. */
  server: string;
  /** Fingerprint of its certificate; missing where it tells nothing, or was not looked at. */
  certificate?: string;
  /** Names of the nodes that were ready. */
  nodes: string[];
  /** Names of the layers of GitOps, in their order. */
  layers: string[];
  /** ISO 8601 in UTC. */
  takenAt: string;
  checks: Noted[];
}

type Place = Pick<StepContext, "directory">;

const knownFile = ({ directory }: Place) => join(directory, "cluster.json");
const kubeconfigFile = ({ directory }: Place) => join(directory, "kubeconfig-before");

/** @param kubeconfig how the old cluster was reached: only by it can be asked later whether it really is gone; empty where that was lost */
export async function keepKnown(context: Place, known: Known, kubeconfig: string): Promise<void> {
  await writeAtomically(kubeconfigFile(context), kubeconfig);
  await writeAtomically(knownFile(context), JSON.stringify(known));
}

export async function findKnown(context: Place): Promise<Known | undefined> {
  return await readJson<Known>(knownFile(context));
}

/** @throws STATE_DAMAGED when it is not there */
export async function recallKnown(context: Place): Promise<Known> {
  return (await findKnown(context)) ?? lost(knownFile(context));
}

/** @throws STATE_DAMAGED when it is not there */
export async function recallKubeconfig(context: Place): Promise<string> {
  const path = kubeconfigFile(context);
  return (await exists(path)) ? await readFile(path, "utf8") : lost(path);
}

function lost(path: string): never {
  throw fail("STATE_DAMAGED", `${path} is gone, in which this run keeps what it knows of the cluster`);
}
