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

/** A real drill of volumes: a cluster with the stand-in for Longhorn, a MinIO outside of it, and a worker. */
export interface LonghornDrill extends ClusterDrill {
  services: Services;
  /** What the stand-in does wrong from now on; nothing without one. */
  order: (...orders: Order[]) => Promise<void>;
  apply: (manifests: string) => Promise<void>;
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
    kubectl: ask,
    apply,
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

/** A Deployment whose pod has a volume of Longhorn's, with a few files in it. */
export async function bringUpApp(drill: LonghornDrill, namespace: string, storageClass = "longhorn"): Promise<void> {
  await drill.apply(appManifests(namespace, storageClass));
  await untilUp(drill, namespace);
}

export async function untilUp(drill: LonghornDrill, namespace: string): Promise<void> {
  const ready = ["-n", namespace, "get", "deployment", "shop", "-o", "jsonpath={.status.readyReplicas}"];
  await waitUntil(`${namespace} is up`, 120_000, async () => (await drill.kubectl(...ready)) === "1");
}

const fill = [
  "mkdir -p /data/uploads/deep",
  "[ -e /data/uploads/one ] || { echo one > /data/uploads/one; head -c 3000000 /dev/urandom > /data/uploads/deep/large",
  "ln -s deep/large /data/uploads/link; echo secret > /data/uploads/private; chmod 600 /data/uploads/private; }",
  "touch /tmp/ready; exec sleep infinity",
].join("; ");

export const appManifests = (namespace: string, storageClass = "longhorn") => `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: ${namespace}, labels: { app: shop } }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ${storageClass}
  resources: { requests: { storage: 64Mi } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: ${namespace} }
spec:
  strategy: { type: Recreate }
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: shop
          image: localhost/busybox:1
          imagePullPolicy: Never
          command: [sh, -c, ${JSON.stringify(fill)}]
          readinessProbe: { exec: { command: [test, -e, /tmp/ready] }, periodSeconds: 1 }
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;

export const longhornComponent = ({ services }: LonghornDrill, namespace: string, more: object = {}) => ({
  name: namespace,
  kind: "longhorn",
  namespace,
  claim: "data",
  workload: "deployment/shop",
  sentinel: "3 MiB",
  store: { endpoint: s3Endpoint(services), accessKey: { env: "LAB_ACCESS_KEY" }, secretKey: { env: "LAB_SECRET_KEY" } },
  within: "2m",
  standstill: "30s",
  ...more,
});
