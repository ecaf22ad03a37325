import { join } from "node:path";
import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { waitUntil } from "../../lab/cluster/kubectl.ts";
import { certificates } from "../../lab/cluster/certificates.ts";
import { buckets, s3Endpoint } from "../../lab/services/services.ts";
import { orderStack } from "../../lab/stack/stage.ts";
import type { Sabotage } from "./driver.ts";
import { backups } from "./rows-backup.ts";
import { ofPlan } from "./rows-guards.ts";
import { objectStore } from "./store.ts";
import { accessOf, claimNamespace, exec, layersOf, letLonghornLook, type Stage, textFile } from "./stage.ts";

/** What strikes before the destruction: the old cluster must stand. */

const merge = (what: string, changes: object) => async (stage: Stage) =>
  void (await stage.kubectl(...what.split(" "), "--type=merge", "-p", JSON.stringify(changes)));

const lateClaim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: late, namespace: ${claimNamespace} }
spec: { accessModes: [ReadWriteOnce], storageClassName: longhorn-delete, resources: { requests: { storage: 64Mi } } }`;

const guards: Sabotage[] = [
  {
    name: "reclaim policy Delete",
    how: "the PersistentVolume of the claim is patched to Delete",
    before: async (stage) =>
      await merge(`patch pv ${await stage.volume()}`, { spec: { persistentVolumeReclaimPolicy: "Delete" } })(stage),
    verdict: "refused",
    at: "reclaim-policy",
    says: /the data of .* goes with its claim: the reclaim policy of pvc-\S+ is Delete/,
    undo: async (stage) =>
      await merge(`patch pv ${await stage.volume()}`, { spec: { persistentVolumeReclaimPolicy: "Retain" } })(stage),
  },
  {
    name: "a volume that nobody restores",
    how: "the plan has no component for the claims of namespace shop",
    plan: () => ({ cluster: { loses: ["shop/pictures"] } }),
    verdict: "refused",
    at: "volumes",
    says: /the data of shop\/books-ledger-0 would be deleted: no component of this run restores/,
  },
  {
    name: "a volume is made after the run has looked",
    how: "a claim is made, and bound, while the first layer's destruction begins",
    when: "destroy/layer/machines",
    does: async (stage) => {
      await stage.apply(lateClaim);
      await stage.k(`-n ${claimNamespace} wait --for=jsonpath={.status.phase}=Bound --timeout=60s pvc/late`);
    },
    verdict: "FAIL",
    at: "destroy/layer/machines",
    says: /volumes have been made since this run looked, and would be lost: dr-exercise\/late/,
    spared: true,
    undo: async (stage) => void (await stage.k(`-n ${claimNamespace} delete pvc late`)),
  },
  {
    name: "the backup target is inside the cluster",
    how: "Longhorn's BackupTarget reaches MinIO by a Service of the cluster",
    before: async (stage) => {
      await stage.apply(insideStore(stage));
      const address = await stage.k("-n storage get service minio -o jsonpath={.spec.clusterIP}");
      await merge("-n longhorn-system patch secret backup-store", {
        stringData: { AWS_ENDPOINTS: `http://${address}:9000` },
      })(stage);
    },
    verdict: "refused",
    at: "backup-target",
    says: /backup target default is inside the cluster itself, behind Service storage\/minio/,
    undo: async (stage) => {
      await merge("-n longhorn-system patch secret backup-store", {
        stringData: { AWS_ENDPOINTS: s3Endpoint(stage.stage.services) },
      })(stage);
      await stage.k("delete namespace storage --wait=true");
    },
  },
  {
    name: "the backup target cannot be reached",
    how: "Longhorn's stand-in does not reach its store, and says so of its BackupTarget",
    before: async (stage) => {
      await stage.order("target-unavailable");
      await letLonghornLook(stage);
      await waitUntil("it is away", 60_000, async () => (await available(stage)) === "false");
    },
    verdict: "refused",
    at: "backup-target",
    says: /backup target default is not available: .*no such host/,
    undo: async (stage) => {
      await stage.order("slow");
      await letLonghornLook(stage);
      await waitUntil("it is back", 60_000, async () => (await available(stage)) === "true");
    },
  },
  {
    name: "Flux is suspended",
    how: "Kustomization apps is suspended",
    before: merge("-n flux-system patch kustomization apps", { spec: { suspend: true } }),
    verdict: "refused",
    at: "gitops",
    says: /would not come back: layer apps is not ready: it is suspended/,
    undo: merge("-n flux-system patch kustomization apps", { spec: { suspend: false } }),
  },
  {
    name: "a layer is not ready",
    how: "Kustomization apps is pointed to a folder that is not in Git",
    before: async (stage) => {
      await merge("-n flux-system patch kustomization apps", { spec: { path: "./nowhere" } })(stage);
      const ready = "-n flux-system get kustomization apps -o jsonpath={.status.conditions[?(@.type=='Ready')].status}";
      await waitUntil("it has failed", 30_000, async () => (await stage.k(ready)) === "False");
    },
    verdict: "refused",
    at: "gitops",
    says: /layer apps is not ready: .*path not found/,
    undo: merge("-n flux-system patch kustomization apps", { spec: { path: "./apps" } }),
  },
  {
    name: "a node is not ready",
    how: "a second Node is in the cluster, of which no kubelet says anything",
    before: (stage) => stage.apply("{ apiVersion: v1, kind: Node, metadata: { name: ghost } }"),
    verdict: "refused",
    at: "unready",
    says: /is not whole before anything is taken away: node ghost is not ready/,
    undo: (stage) => stage.k("delete node ghost"),
  },
  {
    name: "the deployment is not ready",
    how: "the workload's image is one that cannot be pulled, so that its pod is gone",
    before: async (stage) => {
      await stage.k("-n dr-exercise set image deployment/dr-exercise dr-exercise=localhost/nothing:1");
      const replicas = "-n dr-exercise get deployment dr-exercise -o jsonpath={.status.readyReplicas}";
      await waitUntil("no pod is ready", 60_000, async () => (await stage.k(replicas)) === "");
    },
    verdict: "refused",
    at: "failing-checks",
    says: /a check fails already: .*dr-exercise/,
    undo: (stage) => stage.k("-n dr-exercise set image deployment/dr-exercise dr-exercise=localhost/busybox:1"),
  },
  {
    name: "a check fails already",
    how: "the plan asks for a file that is not there",
    plan: () => ({ more: { checks: [exec(["test", "-e", "/data/nothing"])] } }),
    verdict: "refused",
    at: "failing-checks",
    says: /a check fails already/,
  },
  {
    name: "the infrastructure would destroy more than the plan names",
    how: "`destroys:` of the layer names the cluster's unit and not Flux's",
    plan: (stage) => ({ more: { infrastructure: layersOf(stage, { destroys: ["cluster:*"] }) } }),
    verdict: "refused",
    at: "unexpected-destroys",
    says: /would destroy what the plan does not name: flux: ?terraform_data\.bootstrap/,
  },
  {
    name: "the layer is not listed",
    how: "the worker's configuration lists another directory in `mayDestroy`",
    configuration: () => ({ mayDestroy: [{ infrastructure: "/srv/other" }] }),
    verdict: "refused",
    at: "allow-list",
    says: /the worker's configuration does not list infrastructure machines .* among what it may destroy/,
  },
];

const access: Sabotage[] = [
  {
    name: "expired credentials of the store",
    how: "the plan's `store` names keys that MinIO does not know any more",
    plan: (stage) => ({
      volume: {
        store: {
          endpoint: s3Endpoint(stage.stage.services),
          accessKey: { env: "LAB_EXPIRED" },
          secretKey: { env: "LAB_EXPIRED" },
        },
      },
    }),
    environment: { LAB_EXPIRED: "expired" },
    verdict: "FAIL",
    at: "backup/data",
    says: /does not accept|InvalidAccessKeyId/,
  },
  {
    name: "expired credentials of AWS",
    how: "the worker's session has expired: SSM answers ExpiredTokenException",
    environment: { AWS_ACCESS_KEY_ID: "expired" },
    verdict: "FAIL",
    at: "preflight/homelab",
    says: /AWS does not accept the worker's credentials for SSM \(ExpiredTokenException\)/,
  },
  {
    name: "an expired client certificate",
    how: "the kubeconfig holds a certificate of the cluster's own authority that has expired yesterday",
    before: expiredKubeconfig,
    plan: (stage) => ({ more: { access: { kubeconfig: { file: join(stage.directory, "expired.kubeconfig") } } } }),
    verdict: "FAIL",
    at: "preflight/homelab",
    says: /does not accept the kubeconfig's credentials/,
  },
  {
    name: "no such parameter",
    how: "the plan's `access` names a parameter that is not in SSM",
    plan: (stage) => ({ more: { access: accessOf(stage, `${stage.stage.parameter}-2`) } }),
    verdict: "FAIL",
    at: "preflight/homelab",
    says: /there is no SSM parameter/,
  },
];

/** They come last: what of the infrastructure they leave has to be applied anew. */
const destruction: Sabotage[] = [
  {
    name: "the state is locked by somebody else",
    how: "a lock of another person lies beside the state of unit cluster in S3",
    when: "destroy/layer/machines",
    does: async (stage) => await lockState(stage),
    plan: (stage) => ({ more: { infrastructure: layersOf(stage, { lockTimeout: "1s" }) } }),
    verdict: "FAIL",
    at: "destroy/layer/machines",
    says: /locked by bert@elsewhere/,
    undo: async (stage) => await objectStore(stage, buckets.states).remove([lockOf(stage)]),
  },
  {
    name: "the destruction fails, half-way",
    how: "Flux's unit and the kubeconfig are destroyed, and the machine cannot be deleted",
    before: (stage) => orderStack(stage.stage, ["destroy-fails"]),
    verdict: "FAIL",
    at: "destroy/layer/machines",
    says: /the machine cannot be deleted: it is locked/,
    // The kubeconfig went first.
    leaves: true,
    undo: (stage) => orderStack(stage.stage, []),
  },
];

export const beforeLoss: Sabotage[] = [...guards, ...ofPlan, ...access, ...backups, ...destruction].map((row) => ({
  ...row,
  spared: true as const,
}));

const available = (stage: Stage) =>
  stage.k("-n longhorn-system get backuptarget default -o jsonpath={.status.available}");

/** A Service whose only endpoint is the MinIO outside. */
function insideStore({ stage: { services } }: Stage): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: storage }
---
apiVersion: v1
kind: Service
metadata: { name: minio, namespace: storage }
spec: { ports: [{ name: http, port: 9000 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: minio, namespace: storage, labels: { kubernetes.io/service-name: minio } }
addressType: IPv4
ports: [{ name: http, port: 9000, protocol: TCP }]
endpoints: [{ addresses: ["${services.address}"], conditions: { ready: true } }]
`;
}

async function expiredKubeconfig(stage: Stage): Promise<void> {
  const layout = await stage.layout();
  const openssl = async (line: string) =>
    await execa("openssl", line.split(" "), { cwd: certificates(layout), stdin: "ignore" });
  await openssl("req -new -key admin.key -subj /O=system:masters/CN=admin -out expired.csr");
  await openssl("x509 -req -in expired.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days -1 -out expired.crt");
  const expired = await readFile(join(certificates(layout), "expired.crt"));
  const config = parse(await readFile(layout.kubeconfig, "utf8")) as { users: { user: Record<string, string> }[] };
  config.users[0]!.user["client-certificate-data"] = expired.toString("base64");
  await textFile(stage, "expired.kubeconfig", stringify(config));
}

async function lockState(stage: Stage): Promise<void> {
  const lock = { ID: "11111111-2222-3333-4444-555555555555", Operation: "OperationTypeApply", Info: "" };
  const who = { Who: "bert@elsewhere", Version: "1.12.6", Created: new Date().toISOString(), Path: "" };
  await objectStore(stage, buckets.states).write(lockOf(stage), JSON.stringify({ ...lock, ...who }));
}

const lockOf = ({ stage: { cluster } }: Stage) => `${cluster}/cluster.tfstate.tflock`;
