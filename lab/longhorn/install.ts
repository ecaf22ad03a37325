import { readFileSync } from "node:fs";
import { join } from "node:path";
import { certificates, makeServerCertificate } from "../cluster/certificates.ts";
import { type Sandbox, startWithin } from "../cluster/sandbox.ts";
import type { ManagerSettings } from "./manager.ts";

/** How Longhorn gets into a cluster of the lab. */

const port = 9502;

/**
 * Starts the stand-in on the node, where it waits until `controllers` and then `configs` are applied, by Flux or by hand.
 * @param orders a file for `writeOrders`, which need not be there
 */
export async function startLonghorn(sandbox: Sandbox, orders: string): Promise<void> {
  const { directory, kubeconfig, nodeAddress: address } = sandbox.layout;
  await makeServerCertificate(sandbox.layout, "longhorn-webhook", [address]);
  const at = (file: string) => join(certificates(sandbox.layout), file);
  const settings: ManagerSettings = {
    kubeconfig,
    directory: join(directory, "longhorn"),
    orders,
    kubelet: join(directory, "kubelet"),
    webhook: { address, port, certificate: at("longhorn-webhook"), authority: at("ca.crt") },
  };
  const program = join(import.meta.dirname, "manager.ts");
  await startWithin(sandbox, "longhorn-manager", [process.execPath, program, JSON.stringify(settings)]);
}

/** Definitions, namespace, the DaemonSet that stands for the manager's pods, and the driver. */
export function longhornControllers(): Record<string, string> {
  return { "crds.yaml": readFileSync(join(import.meta.dirname, "crds.yaml"), "utf8"), "longhorn.yaml": controllers };
}

const controllers = `
apiVersion: v1
kind: Namespace
metadata: { name: longhorn-system }
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: driver.longhorn.io }
spec: { attachRequired: true, podInfoOnMount: true, fsGroupPolicy: ReadWriteOnceWithFSType }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: longhorn-manager, namespace: longhorn-system, labels: { app: longhorn-manager } }
spec:
  selector: { matchLabels: { app: longhorn-manager } }
  template:
    metadata: { labels: { app: longhorn-manager } }
    spec:
      hostNetwork: true
      terminationGracePeriodSeconds: 1
      containers:
        - name: longhorn-manager
          image: localhost/busybox:1
          imagePullPolicy: Never
          command: [sleep, infinity]
          readinessProbe: { tcpSocket: { port: ${port} }, periodSeconds: 1 }
`;

/** A store that Longhorn backs up to. */
export interface BackupPlace {
  /** `s3://BUCKET@REGION/` */
  url: string;
  endpoint: string;
  accessKey: string;
  secretKey: string;
}

/** StorageClasses and the backup target. */
export function longhornConfigs({ url, endpoint, accessKey, secretKey }: BackupPlace): Record<string, string> {
  const storageClass = (name: string, reclaimPolicy: string) => `---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: ${name} }
provisioner: driver.longhorn.io
reclaimPolicy: ${reclaimPolicy}
volumeBindingMode: Immediate
allowVolumeExpansion: true
parameters: { numberOfReplicas: "1", staleReplicaTimeout: "30", dataLocality: disabled }
`;
  return {
    "storage-classes.yaml": `${storageClass("longhorn", "Retain")}${storageClass("longhorn-delete", "Delete")}`,
    "backup-target.yaml": `
apiVersion: v1
kind: Secret
metadata: { name: backup-store, namespace: longhorn-system }
stringData:
  AWS_ENDPOINTS: ${endpoint}
  AWS_ACCESS_KEY_ID: ${accessKey}
  AWS_SECRET_ACCESS_KEY: ${secretKey}
---
apiVersion: longhorn.io/v1beta2
kind: BackupTarget
metadata: { name: default, namespace: longhorn-system }
spec: { backupTargetURL: "${url}", credentialSecret: backup-store, pollInterval: 5m0s }
`,
  };
}
