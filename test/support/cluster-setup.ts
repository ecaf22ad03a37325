import { readFile } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { ensureCluster } from "../../lab/cluster/ensure.ts";
import { archiveOf } from "../../lab/cluster/images.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import type { Kind } from "../../src/activities/kubernetes/paths.ts";
import { needLonghorn, ownClusterOnly } from "./own-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Text of the kubeconfig that FIREDRILL_E2E_KUBECONFIG names; null: the lab makes the clusters. */
    foreignKubeconfig: string | null;
    /** Whether that cluster has Longhorn. */
    foreignLonghorn: boolean;
  }
}

/** What a cluster is made of is there before the first test begins, which would time out otherwise. */
export async function setup(project: TestProject): Promise<void> {
  if (process.env["FIREDRILL_SUBSET"] !== undefined)
    console.log(`A subset of the files; the same again: FIREDRILL_SEED=${process.env["FIREDRILL_SEED"]}`);
  const foreign = process.env["FIREDRILL_E2E_KUBECONFIG"];
  const text = foreign === undefined ? null : await readFile(foreign, "utf8");
  const hasLonghorn = text !== null && (await isThere(text, "volumes.longhorn.io"));
  project.provide("foreignKubeconfig", text);
  project.provide("foreignLonghorn", hasLonghorn);
  if (foreign !== undefined) {
    console.log(`On the cluster of ${foreign}. Left out, and why:`);
    for (const [file, why] of Object.entries(ownClusterOnly)) console.log(`  ${file}: ${why}`);
    if (!hasLonghorn) for (const file of needLonghorn) console.log(`  ${file}: that cluster has no Longhorn`);
    return;
  }
  await ensureCluster(terminalTalk());
  await archiveOf("postgres");
}

const definitions: Kind = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};

async function isThere(kubeconfig: string, definition: string): Promise<boolean> {
  const cluster = openCluster(kubeconfig);
  return (await cluster.get(definitions, definition).finally(() => void cluster.close())) !== undefined;
}
