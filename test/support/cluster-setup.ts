import { readFile } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { ensureCluster } from "../../lab/cluster/ensure.ts";
import { archiveOf } from "../../lab/cluster/images.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { ownClusterOnly } from "./own-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Text of the kubeconfig that FIREDRILL_E2E_KUBECONFIG names; null: the lab makes the clusters. */
    foreignKubeconfig: string | null;
  }
}

/** What a cluster is made of is there before the first test begins, which would time out otherwise. */
export async function setup(project: TestProject): Promise<void> {
  if (process.env["FIREDRILL_SUBSET"] !== undefined)
    console.log(`A subset of the files; the same again: FIREDRILL_SEED=${process.env["FIREDRILL_SEED"]}`);
  const foreign = process.env["FIREDRILL_E2E_KUBECONFIG"];
  project.provide("foreignKubeconfig", foreign === undefined ? null : await readFile(foreign, "utf8"));
  if (foreign !== undefined) {
    console.log(`On the cluster of ${foreign}. Left out, because they need one of the lab's:`);
    for (const [file, why] of Object.entries(ownClusterOnly)) console.log(`  ${file}: ${why}`);
    return;
  }
  await ensureCluster(terminalTalk());
  await archiveOf("postgres");
}
