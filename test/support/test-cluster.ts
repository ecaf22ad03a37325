import { readFile } from "node:fs/promises";
import { inject } from "vitest";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { removeSandbox, type Sandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../src/activities/kubernetes/cluster.ts";
import type { Kind } from "../../src/activities/kubernetes/paths.ts";

/** A cluster for tests that need its API and its kubelets only. */
export interface TestCluster {
  kubeconfig: string;
  cluster: Cluster;
  /** Undefined where it is not the lab's, but that of FIREDRILL_E2E_KUBECONFIG: its programs are not to be touched. */
  sandbox: Sandbox | undefined;
  remove: () => Promise<void>;
}

/** All that these tests make lies in it, or has the group firedrill.test. */
export const scratchNamespace = "firedrill-e2e";

const namespaces: Kind = { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };

/** @param name of the lab's cluster, which is made anew @throws where somebody else's cluster has such a namespace already */
export async function createTestCluster(name: string): Promise<TestCluster> {
  const foreign = inject("foreignKubeconfig");
  if (foreign === null) {
    const built = await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());
    await removeSandbox(name);
    const sandbox = await clusterUp(name, built, () => undefined);
    const kubeconfig = await readFile(sandbox.layout.kubeconfig, "utf8");
    const cluster = openCluster(kubeconfig);
    const remove = async () => {
      await cluster.close();
      await removeSandbox(name);
    };
    return { kubeconfig, cluster, sandbox, remove };
  }
  const cluster = openCluster(foreign);
  const isThere = async () => (await cluster.get(namespaces, scratchNamespace)) !== undefined;
  if (await isThere())
    throw new Error(`the cluster has a namespace ${scratchNamespace}: delete it if tests have left it there`);
  const remove = async () => {
    await cluster.remove(namespaces, scratchNamespace, undefined);
    await waitUntil(`namespace ${scratchNamespace} is gone`, 120_000, async () => !(await isThere()));
    await cluster.close();
  };
  return { kubeconfig: foreign, cluster, sandbox: undefined, remove };
}
