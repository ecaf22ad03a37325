import { afterAll, beforeAll, expect, test } from "vitest";
import { applyManifests, waitUntil } from "../../lab/cluster/kubectl.ts";
import { deleteImage, imageReference, pushImage } from "../../lab/cluster/registry.ts";
import { recheck } from "../../src/report/recheck.ts";
import type { RunRecord } from "../../src/report/record.ts";
import {
  bringUp,
  type ClusterDrill,
  createClusterDrill,
  namespaceComponent,
  planFor,
  smallApp,
} from "../support/cluster-drill.ts";
import { step } from "../support/drill.ts";

/** Who else has a hand in a namespace: controllers, people, operators, and those who need what is in it. */

let drill: ClusterDrill;
beforeAll(async () => {
  drill = await createClusterDrill("test-owners", ["owned", "vault", "queue"]);
  const { layout } = drill.sandbox;
  await Promise.all([
    bringUp(drill, "owned", { files: merged(smallApp(layout, "owned")) }),
    ...["vault", "queue"].map((namespace) => bringUp(drill, namespace, { files: smallApp(layout, namespace) })),
  ]);
  await applyManifests(layout, drill.built, definitions);
  await drill.startWorker();
}, 240_000);
afterAll(() => drill.remove());

/** Flux leaves alone there what kubectl has written beside it; otherwise it takes that away. */
function merged(files: Record<string, string>): Record<string, string> {
  const annotation = "annotations: { kustomize.toolkit.fluxcd.io/ssa: Merge }";
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      text.replaceAll(/metadata: \{ name: (shop|settings),/g, `metadata: { ${annotation}, name: $1,`),
    ]),
  );
}

const crd = (group: string, kind: string) => {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  });
};
const definitions = [
  crd("longhorn.io", "BackupTarget"),
  crd("velero.io", "BackupStorageLocation"),
  crd("postgres-operator.crunchydata.com", "PostgresCluster"),
  crd("example.org", "Queue"),
].join("\n---\n");

const apply = async (manifests: string) => await applyManifests(drill.sandbox.layout, drill.built, manifests);
/** kubectl, with words that hold no spaces. */
const k = (line: string) => drill.kubectl(...line.split(" "));
const check = (record: RunRecord, name: string) => record.components[0]!.checks.find((one) => one.name === name);
const told = ({ refusals }: RunRecord) => refusals.map(({ guard, message }) => `${guard}: ${message}`);

async function exercise(namespace: string, of: object = {}, more: object = {}): Promise<RunRecord> {
  await planFor(drill, [namespaceComponent(namespace, of)], more, namespace);
  const run = await drill.start("exercise", { scenario: "namespace", plan: namespace });
  await run.handle.result().catch(() => undefined);
  return await run.record();
}
async function audit(namespace: string): Promise<RunRecord> {
  await planFor(drill, [namespaceComponent(namespace)], {}, namespace);
  return await (await drill.start("audit", { plan: namespace })).end();
}

test("what an autoscaler and an operator have written is theirs: PASS, although it is not there any more", async () => {
  const scale = `--subresource=scale --type=merge -p {"spec":{"replicas":2}} --field-manager=autoscaler`;
  await k(`-n owned patch deployment shop ${scale}`);
  await k("-n owned annotate configmap settings example.org/seen=now --field-manager=some-operator");
  await waitUntil("it is scaled", 60_000, async () => (await readyOf("owned")) === "2");
  const record = await exercise("owned");
  expect(record).toMatchObject({ verdict: "PASS", diagnosis: [], refusals: [] });
  expect(step(record, "preflight/owned").note).not.toContain("by hand");
  expect(await k("-n owned get deployment shop -o jsonpath={.spec.replicas}")).toBe("1");
  expect(await k("-n owned get configmap settings -o jsonpath={.metadata.annotations}")).not.toContain("seen");
});

const readyOf = async (namespace: string) =>
  await k(`-n ${namespace} get deployment shop -o jsonpath={.status.readyReplicas}`);

test("what a person has set is named before, has a row of its own, and is lost: FAIL, but for what the plan accepts", async () => {
  // `kubectl scale` would leave no trace of who: the API server notes no owner of what comes by the subresource.
  await k('-n owned patch deployment shop --type=merge -p {"spec":{"replicas":2}}');
  await k("-n owned annotate configmap settings example.org/note=mine");
  await waitUntil("it is scaled", 60_000, async () => (await readyOf("owned")) === "2");
  const decisions = { within: "1s", otherwise: "skip" };
  const record = await exercise("owned", { accepts: ["ConfigMap/settings"] }, { decisions });
  expect(step(record, "preflight/owned").note).toMatch(
    /; changed by hand, and lost where Git does not say the same: Deployment\/shop spec\.replicas \(kubectl-patch\)$/,
  );
  expect(record.verdict).toBe("FAIL");
  expect(check(record, "Deployment/shop by hand")).toMatchObject({
    passed: false,
    proven: true,
    found: "nothing has brought back spec.replicas",
  });
  const failed = record.components[0]!.checks.filter(({ passed }) => !passed).map(({ name }) => name);
  expect(failed).toEqual(["Deployment/shop by hand"]);
  expect(recheck(record).found).toEqual([]);
});

test("the backups of the cluster that are kept in the namespace, and Temporal: refused, each named with its way", async () => {
  const { nodeAddress } = drill.sandbox.layout;
  const blast = (record: RunRecord) => told(record).filter((one) => one.startsWith("blast-radius"));
  expect(blast(await audit("vault"))).toEqual([]);
  const endpoint = Buffer.from("http://minio.vault.svc:9000").toString("base64");
  await apply(`
apiVersion: v1
kind: Service
metadata: { name: minio, namespace: vault }
spec: { type: NodePort, selector: { app: shop }, ports: [{ port: 9000, nodePort: 30900 }] }
---
apiVersion: v1
kind: Service
metadata: { name: temporal, namespace: vault }
spec: { type: LoadBalancer, selector: { app: shop }, ports: [{ port: 7233 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: backup, namespace: default }
data: { AWS_ENDPOINTS: ${endpoint} }
---
apiVersion: longhorn.io/v1
kind: BackupTarget
metadata: { name: one, namespace: default }
spec: { backupTargetURL: "s3://backups@eu/", credentialSecret: backup }
---
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: { name: two, namespace: default }
spec: { provider: aws, config: { s3Url: "http://${nodeAddress}:30900" } }
---
apiVersion: postgres-operator.crunchydata.com/v1
kind: PostgresCluster
metadata: { name: three, namespace: default }
spec: { backups: { pgbackrest: { repos: [{ name: repo1, s3: { bucket: b, endpoint: "minio.vault.svc.cluster.local" } }] } } }
---
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: { name: elsewhere, namespace: default }
spec: { provider: aws, config: { s3Url: "http://${nodeAddress}:30901" } }
`);
  // Temporal of these tests is at 127.0.0.1: so a load balancer's address leads to it.
  const status = `{"status":{"loadBalancer":{"ingress":[{"ip":"127.0.0.1"}]}}}`;
  await k(`-n vault patch service temporal --subresource=status --type=merge -p ${status}`);
  const record = await exercise("vault", { accepts: ["Service/*"] });
  expect(record.status).toBe("refused");
  expect(blast(record)).toHaveLength(1);
  for (const what of [
    "the backups of BackupTarget default/one at minio.vault.svc (Service/minio)",
    `the backups of BackupStorageLocation default/two at ${nodeAddress} (Service/minio)`,
    "the backups of PostgresCluster default/three at minio.vault.svc.cluster.local (Service/minio)",
    "Temporal, which conducts this run, at 127.0.0.1 (Service/temporal)",
  ])
    expect(blast(record)[0]).toContain(what);
  expect(blast(record)[0]).not.toContain("elsewhere");
});

test("an image of a pod that an operator has made, and that is gone from its registry: refused", async () => {
  const image = imageReference(drill.sandbox.layout, "queue:1");
  await pushImage("busybox", image);
  await apply("{ apiVersion: example.org/v1, kind: Queue, metadata: { name: orders, namespace: queue } }");
  const uid = await k("-n queue get queue orders -o jsonpath={.metadata.uid}");
  await apply(`
apiVersion: v1
kind: Pod
metadata:
  name: orders-0
  namespace: queue
  ownerReferences: [{ apiVersion: example.org/v1, kind: Queue, name: orders, uid: ${uid}, controller: true }]
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: queue, image: "${image}", command: [sleep, infinity] }]
`);
  const phase = async () => await k("-n queue get pod orders-0 -o jsonpath={.status.phase}");
  await waitUntil("the queue runs", 60_000, async () => (await phase()) === "Running");
  const images = (record: RunRecord) => told(record).filter((one) => one.startsWith("images"));
  expect(images(await audit("queue"))).toEqual([]);
  await deleteImage(image);
  expect(images(await exercise("queue", { accepts: ["Queue/orders"] }))).toEqual([
    expect.stringMatching(
      /^images: image .*\/queue:1 cannot be pulled .*, so that Pod\/orders-0 would not start again$/,
    ),
  ]);
});
