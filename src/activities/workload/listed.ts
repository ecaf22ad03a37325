import type { Config } from "../../config.ts";
import type { WorkloadComponent } from "../../plan/workload-schema.ts";

/** Whether the worker's configuration lists a workload, and the node that is drained with it. */

type Target = Pick<WorkloadComponent, "namespace" | "workload">;

/** Whoever may delete a namespace may take away what is in it. */
export function isListed(
  { mayDestroy }: Pick<Config, "mayDestroy">,
  cluster: string,
  { namespace, workload }: Target,
  node: string | null,
): boolean {
  const own = mayDestroy.filter((one) => "cluster" in one && one.cluster === cluster);
  const ofWorkload = own.some(
    (one) =>
      "namespace" in one && one.namespace === namespace && (one.workload === undefined || one.workload === workload),
  );
  return ofWorkload && (node === null || own.some((one) => "node" in one && one.node === node));
}

export function listLine(cluster: string, { namespace, workload }: Target, node: string | null): string {
  const line = `- { cluster: "${cluster}", namespace: ${namespace}, workload: ${workload} }`;
  return node === null ? line : `${line} and - { cluster: "${cluster}", node: ${node} }`;
}
