import { waitUntil } from "../../lab/cluster/kubectl.ts";
import type { Workplace } from "./drill.ts";

/** A cluster with Longhorn, or with its stand-in, in which volumes are drilled, and what uses a volume there. */
export interface VolumePlace extends Workplace {
  /** File. */
  kubeconfig: string;
  /** uid of kube-system. */
  identity: string;
  /** What it says, also where it refuses. */
  kubectl: (...args: string[]) => Promise<string>;
  /** @throws what the API server says */
  apply: (manifests: string) => Promise<void>;
  /** With sh, find, stat and sha256sum. */
  image: string;
  /** How the worker gets to the backups, as a plan has it. */
  store: object;
  /** How long things may take there, as a plan has it. */
  patience: { within: string; standstill: string; rto: string };
}

export interface App {
  storageClass?: string;
  accessMode?: "ReadWriteOnce" | "ReadWriteMany";
  replicas?: number;
}

/** A Deployment whose pods have a volume of Longhorn's, with a few files in it. */
export async function bringUpApp(place: VolumePlace, namespace: string, app: App = {}): Promise<void> {
  await place.apply(appManifests(place, namespace, app));
  await untilUp(place, namespace, app);
}

export async function untilUp(place: VolumePlace, namespace: string, { replicas = 1 }: App = {}): Promise<void> {
  const ready = ["-n", namespace, "get", "deployment", "shop", "-o", "jsonpath={.status.readyReplicas}"];
  await waitUntil(`${namespace} is up`, 300_000, async () => (await place.kubectl(...ready)) === String(replicas));
}

const fill = [
  "mkdir -p /data/uploads/deep",
  "[ -e /data/uploads/one ] || { echo one > /data/uploads/one; head -c 3000000 /dev/urandom > /data/uploads/deep/large",
  "ln -s deep/large /data/uploads/link; echo secret > /data/uploads/private; chmod 600 /data/uploads/private; }",
  "touch /tmp/ready; exec sleep infinity",
].join("; ");

export const appManifests = (
  { image }: Pick<VolumePlace, "image">,
  namespace: string,
  { storageClass = "longhorn", accessMode = "ReadWriteOnce", replicas = 1 }: App = {},
) => `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: ${namespace}, labels: { app: shop } }
spec:
  accessModes: [${accessMode}]
  storageClassName: ${storageClass}
  resources: { requests: { storage: 64Mi } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  strategy: { type: Recreate }
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: shop
          image: ${image}
          imagePullPolicy: IfNotPresent
          command: [sh, -c, ${JSON.stringify(fill)}]
          readinessProbe: { exec: { command: [test, -e, /tmp/ready] }, periodSeconds: 1 }
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;

/** By the name of its namespace, or by another one. */
export const longhornComponent = ({ store, patience }: VolumePlace, namespace: string, more: object = {}) => ({
  name: namespace,
  kind: "longhorn",
  namespace,
  claim: "data",
  workload: "deployment/shop",
  sentinel: "3 MiB",
  store,
  within: patience.within,
  standstill: patience.standstill,
  ...more,
});

/** Writes the plan. @param more keys of it */
export async function planVolumes(place: VolumePlace, components: object[], more: object = {}): Promise<void> {
  const access = { kubeconfig: { file: place.kubeconfig } };
  await place.plan(components, { access, objectives: { rto: place.patience.rto }, ...more });
}
