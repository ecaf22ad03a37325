/** The verbs of a whole cluster, under the names that stand in histories. */
export { inspectCluster } from "./inspect.ts";
export { recallCluster } from "./recall.ts";
export { confirmCluster } from "./confirm.ts";
export { proveCluster } from "./prove.ts";
export { controlCluster } from "./control.ts";
export { rebuildCluster } from "./rebuild.ts";
export { settleCluster } from "./settle.ts";
export { verifyCluster } from "./verify.ts";
