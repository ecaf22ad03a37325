import { chmod, mkdtemp } from "node:fs/promises";
import { applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import { removeSandbox } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { longhornConfigs, longhornControllers, startLonghorn } from "../../lab/longhorn/install.ts";
import { type Order, writeOrders } from "../../lab/longhorn/orders.ts";
import {
  awsCredentials,
  backupPlace,
  ordersFile,
  s3Endpoint,
  type Services,
  servicesDown,
  servicesUp,
} from "../../lab/services/services.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import type { ClusterDrill } from "./cluster-drill.ts";
import { createWorkplace } from "./drill.ts";
import type { VolumePlace } from "./volume-app.ts";

/** A real drill of volumes: a cluster with the stand-in for Longhorn, a MinIO outside of it, and a worker. */
export interface LonghornDrill extends ClusterDrill, VolumePlace {
  kubectl: VolumePlace["kubectl"];
  services: Services;
  /** What the stand-in does wrong from now on; nothing without one. */
  order: (...orders: Order[]) => Promise<void>;
}

/** @param name of the cluster and of the services, which are made anew */
export async function createLonghornDrill(name: string, namespaces: string[]): Promise<LonghornDrill> {
  const built = (await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk())) as Built;
  await removeSandbox(name);
  await servicesDown(name);
  const services = await servicesUp(name, built);
  const sandbox = await clusterUp(name, built, () => undefined);
  const ask = async (...args: string[]) => (await kubectl(sandbox.layout, built, ...args)).output;
  const apply = async (manifests: string) => await applyManifests(sandbox.layout, built, manifests);
  await startLonghorn(sandbox, ordersFile(services));
  const all = (files: Record<string, string>) => Object.values(files).join("\n---\n");
  await apply(all(longhornControllers()));
  const manager = [
    "-n",
    "longhorn-system",
    "get",
    "daemonset",
    "longhorn-manager",
    "-o",
    "jsonpath={.status.numberReady}",
  ];
  await waitUntil("Longhorn's manager is ready", 120_000, async () => (await ask(...manager)) === "1");
  await apply(all(longhornConfigs(backupPlace(services))));
  const target = ["-n", "longhorn-system", "get", "backuptarget", "default", "-o", "jsonpath={.status.available}"];
  await waitUntil("the backup target is available", 60_000, async () => (await ask(...target)) === "true");
  const identity = await ask("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
  const directory = await mkdtemp("/tmp/fd-");
  await chmod(directory, 0o755);
  const mayDestroy = namespaces.map((namespace) => ({ cluster: identity, claim: `${namespace}/data` }));
  const workplace = await createWorkplace(directory, { mayDestroy });
  return {
    ...workplace,
    startWorker: (env = {}) => workplace.startWorker({ ...storeKeys, ...env }),
    services,
    sandbox,
    built,
    identity,
    kubeconfig: sandbox.layout.kubeconfig,
    kubectl: ask,
    apply,
    image: "localhost/busybox:1",
    store: {
      endpoint: s3Endpoint(services),
      accessKey: { env: "LAB_ACCESS_KEY" },
      secretKey: { env: "LAB_SECRET_KEY" },
    },
    patience: { within: "2m", standstill: "30s", rto: "5m" },
    order: async (...orders) => await writeOrders(ordersFile(services), orders),
    async remove() {
      await workplace.remove();
      await removeSandbox(name);
      await servicesDown(name);
    },
  };
}

const storeKeys = {
  LAB_ACCESS_KEY: awsCredentials.accessKeyId,
  LAB_SECRET_KEY: awsCredentials.secretAccessKey,
};
