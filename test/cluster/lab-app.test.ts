import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApiServer } from "../../lab/cluster/control-plane.ts";
import { removeImage } from "../../lab/cluster/images.ts";
import { applyManifests, kubectl, waitUntil } from "../../lab/cluster/kubectl.ts";
import { deleteImage, imageReference, pushImage, registryUrl, registryUser } from "../../lab/cluster/registry.ts";
import { removeSandbox, type Sandbox, stopWithin } from "../../lab/cluster/sandbox.ts";
import { clusterUp } from "../../lab/cluster/up.ts";
import { commit } from "../../lab/gitops/repository.ts";
import { type Built, ensureGoPrograms } from "../../lab/go-programs.ts";
import { goModules, type GoModuleName } from "../../lab/go-table.ts";
import { writeSecretStore } from "../../lab/operators/infisical.ts";
import { terminalTalk } from "../../lab/terminal.ts";
import { exampleApp, provideForApp, visit } from "../support/cluster-app.ts";
import { argoCdManifests, fluxManifests } from "../support/cluster-gitops.ts";

/** What the lab's clusters have installed does what it would in a real one, as far as a drill can see. */

const name = "test-lab";
let built: Built;
let cluster: Sandbox;

const ask = async (...args: string[]) => await kubectl(cluster.layout, built, ...args);
const read = async (...args: string[]) => (await ask(...args)).output;
const apply = async (manifests: string) => await applyManifests(cluster.layout, built, manifests);
const answers = async (namespace: string) =>
  await visit(cluster.layout, namespace).catch(() => ({ status: 0, body: "" }));
const isOpen = async (namespace: string) => (await answers(namespace)).status === 200;

beforeAll(async () => {
  built = await ensureGoPrograms(Object.keys(goModules) as GoModuleName[], terminalTalk());
  await removeSandbox(name);
  cluster = await clusterUp(name, built, () => undefined);
  await provideForApp(cluster);
});
afterAll(async () => await removeSandbox(name));

const pod = (podName: string, image: string, secret = "") => `
apiVersion: v1
kind: Pod
metadata: { name: ${podName}, namespace: default }
spec:
  terminationGracePeriodSeconds: 0
  imagePullSecrets: [${secret === "" ? "" : `{ name: ${secret} }`}]
  containers: [{ name: it, image: "${image}", imagePullPolicy: Always, command: [sleep, infinity] }]
`;
const waiting = async (podName: string) =>
  await read("get", "pod", podName, "-o", "jsonpath={.status.containerStatuses[0].state.waiting.message}");
const runs = async (podName: string) =>
  (await read("get", "pod", podName, "-o", "jsonpath={.status.phase}")) === "Running";

describe("the registry", () => {
  test("an image that is deleted in the registry and on the node cannot be pulled; what runs of it goes on", async () => {
    const image = imageReference(cluster.layout, "team/tool:12-debian-12-r30");
    await pushImage("busybox", image);
    await apply(pod("before", image));
    await waitUntil("the pod runs", 30_000, async () => await runs("before"));
    await deleteImage(image);
    await removeImage(cluster, image);
    await apply(pod("after", image));
    await expect
      .poll(async () => await waiting("after"), { timeout: 20_000 })
      .toMatch(/tool:12-debian-12-r30: not found/);
    expect(await runs("before")).toBe(true);
    await expect(deleteImage(image)).rejects.toThrow(/has no .*team\/tool/);
  });

  test("its locked door wants a name and a password", async () => {
    const { layout } = cluster;
    expect((await fetch(`${registryUrl(layout, "locked")}/v2/`)).status).toBe(401);
    const image = imageReference(layout, "busybox:1", "locked");
    await apply(pod("stranger", image));
    await expect.poll(async () => await waiting("stranger"), { timeout: 20_000 }).toMatch(/401 Unauthorized/);
    const { name: user, password } = registryUser;
    const login = [`--docker-server=${new URL(registryUrl(layout, "locked")).host}`, `--docker-username=${user}`];
    await ask("create", "secret", "docker-registry", "door", ...login, `--docker-password=${password}`);
    await apply(pod("friend", image, "door"));
    await waitUntil("the pod with a pull secret runs", 30_000, async () => await runs("friend"));
    await ask("delete", "pod", "--all", "--wait=false");
  });
});

describe("an application by Flux", () => {
  beforeAll(async () => {
    const { layout } = cluster;
    await commit(layout, "shop", exampleApp(layout, { namespace: "shop" }), "a shop");
    await apply(fluxManifests(layout, "shop"));
    await waitUntil("the shop is open", 90_000, async () => await isOpen("shop"));
  });

  test("it answers from outside, and its job could read what its role allows", async () => {
    expect(await answers("shop")).toEqual({ status: 200, body: "the shop of shop is open\n" });
    expect(await answers("other")).toMatchObject({ status: 404 });
    expect(await read("-n", "shop", "get", "ingress", "shop", "-o", "jsonpath={..loadBalancer.ingress[0].ip}")).toBe(
      cluster.layout.nodeAddress,
    );
    const complete = ["-n", "shop", "wait", "job/greet", "--for=condition=Complete", "--timeout=30s"];
    expect(await ask(...complete)).toMatchObject({ ok: true });
    expect(await read("-n", "shop", "logs", "job/greet")).toMatch(/"GREETING": "hello"/);
    const ready = ["-n", "flux-system", "wait", "kustomization", "--all", "--for=condition=Ready", "--timeout=30s"];
    expect(await ask(...ready)).toMatchObject({ ok: true });
  });

  test("its secret comes from the store; the operator says why when it does not", async () => {
    const condition = async (type: string) =>
      await read(
        "-n",
        "shop",
        "get",
        "infisicalsecret",
        "shop",
        "-o",
        `jsonpath={range .status.conditions[?(@.type=="secrets.infisical.com/${type}")]}{.status} {.message}{end}`,
      );
    const value = async () => await read("-n", "shop", "get", "secret", "shop", "-o", "jsonpath={.data.EXTRA}");
    expect(await condition("ReadyToSyncSecrets")).toMatch(/^True .*synced 1 secrets$/);
    await writeSecretStore(cluster.layout, { secrets: {}, failure: "401 unauthorized" });
    await expect.poll(async () => await condition("ReadyToSyncSecrets")).toMatch(/^False .*401 unauthorized/s);
    expect(await condition("AutoRedeployReady")).toMatch(/^False .*stopped/);
    expect(await condition("LoadedInfisicalToken")).toMatch(/^True .*KUBERNETES_AUTH_MACHINE_IDENTITY/);
    await provideForApp(cluster, { EXTRA: "more" });
    await expect.poll(value).toBe(Buffer.from("more").toString("base64"));
    await ask("-n", "shop", "delete", "secret", "shop");
    await expect.poll(value, { timeout: 10_000 }).toBe(Buffer.from("more").toString("base64"));
  });

  const sql = async (text: string) =>
    await ask("-n", "shop", "exec", "postgres-0", "--", "psql", "-U", "postgres", "-Atc", text, "shop");
  const volume = async () =>
    await read("-n", "shop", "get", "pvc", "data-postgres-0", "-o", "jsonpath={.spec.volumeName}");
  const folder = (volumeName: string) => join(cluster.layout.directory, "volumes", volumeName);

  test("its data outlive a pod, and the API server's absence is survived by all", async () => {
    await waitUntil("the row is written", 20_000, async () => (await sql("create table kept as select 42 as n")).ok);
    await ask("-n", "shop", "delete", "pod", "postgres-0");
    await waitUntil("the row is there", 30_000, async () => (await sql("select n from kept")).output === "42");
    await stopWithin(cluster, "kube-apiserver");
    await startApiServer(cluster, built);
    await waitUntil("the API server answers", 30_000, async () => (await ask("get", "--raw", "/readyz")).ok);
    // The kubelet may have seen it without its database.
    await waitUntil("the shop is open", 30_000, async () => await isOpen("shop"));
  });

  test("its volume goes with its namespace, and Flux makes all of it anew, empty", async () => {
    const before = await volume();
    expect(existsSync(folder(before))).toBe(true);
    expect(await ask("delete", "namespace", "shop", "--timeout=60s")).toMatchObject({ ok: true });
    await waitUntil("the volume is gone", 10_000, async () => (await read("get", "pv", before)).includes("NotFound"));
    expect(existsSync(folder(before))).toBe(false);
    for (const layer of ["infrastructure", "apps"]) {
      const requested = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
      await ask("-n", "flux-system", "annotate", "--overwrite", "kustomization", `shop-${layer}`, requested);
    }
    await waitUntil("the shop is open again", 90_000, async () => await isOpen("shop"));
    expect(await volume()).not.toBe(before);
    expect((await sql("select n from kept")).output).toContain("does not exist");
  });
});

test("a volume that is to be retained stays, with its folder", async () => {
  await apply(`
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: kept }
provisioner: lab.firedrill/local
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: kept, namespace: default }
spec: { storageClassName: kept, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`);
  const bound = async () => await read("get", "pvc", "kept", "-o", "jsonpath={.status.phase} {.spec.volumeName}");
  await expect.poll(bound, { timeout: 10_000 }).toMatch(/^Bound /);
  const [, volume = ""] = (await bound()).split(" ");
  await ask("delete", "pvc", "kept");
  await expect
    .poll(async () => await read("get", "pv", volume, "-o", "jsonpath={.status.phase}"), { timeout: 10_000 })
    .toBe("Released");
  expect(existsSync(join(cluster.layout.directory, "volumes", volume))).toBe(true);
});

test("Argo CD brings the same up; its self-heal asks for less than a deleted namespace needs", async () => {
  const { layout } = cluster;
  const application = async (path: string) =>
    await read("-n", "argocd", "get", "application", "market", "-o", `jsonpath=${path}`);
  await commit(layout, "market", exampleApp(layout, { namespace: "market" }), "a market");
  await apply(argoCdManifests(layout, "market"));
  await waitUntil("Argo CD calls it healthy", 90_000, async () =>
    (await application("{.status.sync.status} {.status.health.status}")).startsWith("Synced Healthy"),
  );
  await waitUntil("the market is open", 30_000, async () => await isOpen("market"));
  await ask("delete", "namespace", "market", "--timeout=60s");
  const failing = "{.status.operationState.phase} {.status.operationState.message}";
  await expect.poll(async () => await application(failing), { timeout: 60_000 }).toMatch(/"market" not found/);
  const resources = await application("{.status.operationState.operation.sync.resources[*].kind}");
  // Only what was seen to differ while the namespace was on its way out; never the namespace itself.
  expect(resources).toMatch(/^[A-Z]/);
  expect(resources).not.toContain("Namespace");
});
