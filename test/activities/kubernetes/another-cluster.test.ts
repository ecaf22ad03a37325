import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { destroyNamespace } from "../../../src/activities/namespace/destroy.ts";
import { keepInventory, keepRecovery } from "../../../src/activities/namespace/memory.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { destroyWorkload } from "../../../src/activities/workload/destroy.ts";
import { known, lost } from "../../../src/activities/workload/memory.ts";
import { describeFailure } from "../../../src/failures.ts";
import { NamespaceComponent } from "../../../src/plan/namespace-schema.ts";
import { WorkloadComponent } from "../../../src/plan/workload-schema.ts";
import { answer, type FakeApiServer, listOf, startFakeApiServer } from "../../support/fake-api-server.ts";

/**
 * Between the preflight and the destruction the same kubeconfig, with the same context, begins to lead to another cluster. It may
 * have a namespace of the same name, and of the same uid, as one that was copied with its etcd has.
 */

const at = "2026-11-28T12:00:00.000Z";
const kinds = (group: string, ...all: [string, string][]) => ({
  metadata: group === "" ? {} : { name: group },
  versions: [
    {
      version: "v1",
      freshness: "Current",
      resources: all.map(([resource, kind]) => ({
        resource,
        responseKind: { group: "", version: "", kind },
        scope: "Namespaced",
        verbs: ["list", "watch"],
      })),
    },
  ],
});
const groups = (...items: object[]) => answer.json({ kind: "APIGroupDiscoveryList", items });
const namespace = (name: string, uid: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, uid } });

/** @param shop whether it has a namespace shop */
async function serve(identity: string, shop: boolean): Promise<FakeApiServer> {
  const routes = {
    "/readyz": answer.json("ok"),
    "/api": groups(kinds("", ["pods", "Pod"], ["configmaps", "ConfigMap"])),
    "/apis": groups(kinds("apps", ["deployments", "Deployment"], ["replicasets", "ReplicaSet"])),
    "/api/v1/namespaces/kube-system": answer.json(namespace("kube-system", identity)),
    ...(shop && { "/api/v1/namespaces/shop": answer.json(namespace("shop", "uid-of-shop")) }),
    "/apis/apps/v1/namespaces/shop/deployments/web": answer.json({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "shop", uid: "uid-of-web" },
    }),
  };
  return await startFakeApiServer((asked, response) => {
    const isList = /\/(namespaces|pods|configmaps|deployments|replicasets|persistentvolumes)$/.test(asked.path);
    const otherwise = isList ? answer.json(listOf("1")) : answer.status(404, "not found");
    const watches = asked.query.has("watch") ? answer.hangs : undefined;
    (watches ?? routes[asked.path as keyof typeof routes] ?? otherwise)(asked, response);
  });
}

let directory: string;
let server: FakeApiServer;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "another-cluster-"))));
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

const context = () =>
  ({
    directory,
    step: "destroy/shop",
    signal: new AbortController().signal,
    progress: () => undefined,
    run: { id: "run", plan: "shop", type: "exercise", scenario: "namespace", nonce: "n", tryNo: 0 },
    // Both clusters are listed: only who they are tells them apart.
    config: {
      plans: directory,
      mayDestroy: ["cluster-a", "cluster-b"].map((cluster) => ({ cluster, namespace: "shop" })),
    },
  }) as unknown as StepContext;
const inspection = { target: "namespace shop", note: "" } as never;
const proof = { backupId: "main@sha1:0", verifiedAt: at } as never;
const access = async () => {
  const file = join(directory, "kubeconfig");
  await writeFile(file, server.kubeconfig());
  return { kubeconfig: { file } };
};

async function loseNamespace(before: "not yet" | "deleted"): Promise<unknown> {
  const component = NamespaceComponent.parse({ name: "shop", kind: "namespace", namespace: "shop" });
  await keepInventory(context(), "shop", {
    cluster: "cluster-a",
    uid: "uid-of-shop",
    takenAt: at,
    holders: [],
    entries: [],
  });
  const recovery = { lostAt: at, goneAt: null, whileGone: null, stripped: [], times: {} };
  if (before === "deleted") await keepRecovery(context(), "shop", recovery);
  const input = { component, access: await access(), inspection, proof };
  return await destroyNamespace(input, context()).catch(describeFailure);
}

async function loseWorkload(): Promise<unknown> {
  const component = WorkloadComponent.parse({
    name: "web",
    kind: "workload",
    namespace: "shop",
    workload: "deployment/web",
  });
  const pod = { namespace: "shop", name: "web-1", uid: "uid-of-web-1" };
  const of = { ready: 1, replicas: 1, scaled: false, pods: [pod], node: null, others: [], claims: [] };
  await known.keep(context(), "web", { cluster: "cluster-a", uid: "uid-of-web", ...of });
  const since = { lostAt: at, goneAt: null, pods: [pod], others: [], trees: {} };
  await lost.keep(context(), "web", { ...since, outside: null, existsAt: null, readyAt: null });
  const input = { component, access: await access(), inspection, proof };
  return await destroyWorkload(input, context()).catch(describeFailure);
}

const changed = {
  type: "IDENTITY_CHANGED",
  message: "the kubeconfig leads to another cluster now: cluster-b instead of cluster-a",
};

test.each([
  ["a namespace that the other cluster has as well", true, () => loseNamespace("not yet")],
  ["a namespace that was deleted, when the other cluster has it as well", true, () => loseNamespace("deleted")],
  ["a namespace that was deleted, when the other cluster has none", false, () => loseNamespace("deleted")],
  ["a workload of which pods were deleted", true, loseWorkload],
])("%s: the step ends, and nothing of the other cluster is touched", async (_, shop, lose) => {
  server = await serve("cluster-b", shop);
  expect(await lose()).toMatchObject(changed);
  expect(server.asked.filter(({ method }) => method !== "GET")).toEqual([]);
});

test.each([
  ["a namespace that was deleted", () => loseNamespace("deleted")],
  ["a workload of which pods were deleted", loseWorkload],
])("%s: in the same cluster the step goes on", async (_, lose) => {
  server = await serve("cluster-a", false);
  expect(await lose()).toMatchObject({ lostAt: at });
});
