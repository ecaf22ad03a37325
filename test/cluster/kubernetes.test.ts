import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startWithin } from "../../lab/cluster/sandbox.ts";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../src/activities/kubernetes/cluster.ts";
import { discover } from "../../src/activities/kubernetes/discovery.ts";
import { execInPod } from "../../src/activities/kubernetes/exec.ts";
import { mirror } from "../../src/activities/kubernetes/mirror.ts";
import type { KubernetesObject, Resource } from "../../src/activities/kubernetes/object.ts";
import { readiness, readySince } from "../../src/activities/kubernetes/readiness.ts";
import { waitUntil } from "../../src/activities/kubernetes/wait.ts";
import { follow } from "../../src/activities/kubernetes/watch.ts";
import { createTestCluster, scratchNamespace, type TestCluster } from "../support/test-cluster.ts";

/** The Kubernetes client against a real API server, which is also killed where it is the lab's. */

let own: TestCluster;
let kubeconfig: string;
let cluster: Cluster;
let kinds: Record<string, Resource>;

beforeAll(async () => {
  own = await createTestCluster("test-k8s");
  ({ kubeconfig, cluster } = own);
  kinds = await allKinds();
});
afterAll(() => own?.remove());

const allKinds = async () =>
  Object.fromEntries((await discover(cluster)).resources.map((resource) => [resource.plural, resource]));
const object = (apiVersion: string, kind: string, name: string, rest: object = {}, namespace = scratchNamespace) =>
  ({ apiVersion, kind, metadata: { name, namespace }, ...rest }) as KubernetesObject;
const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }) as KubernetesObject;
const configMap = (name: string, value: string) => object("v1", "ConfigMap", name, { data: { value } });
const busybox = (command: string, more: object = {}) => ({
  terminationGracePeriodSeconds: 1,
  containers: [
    { name: "main", image: "localhost/busybox:1", imagePullPolicy: "Never", command: ["sh", "-c", command], ...more },
  ],
});
const web = object("apps/v1", "Deployment", "web", {
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: busybox("echo started; sleep 3600") },
  },
});
const free = new AbortController().signal;

test("what is applied is there, is changed, is listed, becomes ready before our eyes, and goes", async () => {
  const identity = await cluster.identity();
  expect(identity).toMatch(/^[0-9a-f-]{36}$/);
  await cluster.apply(namespace(scratchNamespace));
  const all = mirror(cluster, [kinds["deployments"]!, kinds["pods"]!, kinds["configmaps"]!], scratchNamespace, free);
  await cluster.apply(web);
  const told: string[] = [];
  const progress = () => {
    const found = all.find("Deployment", "web");
    return found === undefined ? "not there" : readiness(found).message;
  };
  const found = await waitUntil(
    all,
    () => {
      const deployment = all.find("Deployment", "web");
      return deployment !== undefined && readiness(deployment).status === "ready" ? deployment : undefined;
    },
    { withinMs: 60_000, stallMs: 30_000, progressKey: progress, onProgress: (text) => told.push(text) },
  );
  expect(Date.parse(readySince(found)!)).toBeGreaterThanOrEqual(Date.parse(found.metadata.creationTimestamp!));
  expect(told.join("\n")).toMatch(/0 of 2 pods|not seen/);
  const pods = await cluster.list(kinds["pods"]!, { namespace: scratchNamespace, labelSelector: "app=web" });
  expect(pods.objects).toHaveLength(2);
  expect(pods.objects[0]).toMatchObject({ apiVersion: "v1", kind: "Pod" });
  expect(await cluster.logs(scratchNamespace, pods.objects[0]!.metadata.name, "main")).toBe("started\n");

  const made = await cluster.apply(configMap("one", "1"));
  const changed = await cluster.mergePatch(kinds["configmaps"]!, "one", scratchNamespace, { data: { other: "2" } });
  expect(changed).toMatchObject({ data: { value: "1", other: "2" }, metadata: { uid: made.metadata.uid } });
  expect(changed.metadata.managedFields?.map(({ manager }) => manager)).toContain("firedrill");
  const gone = async (uid?: string) =>
    await cluster.remove(kinds["configmaps"]!, "one", scratchNamespace, uid ? { uid } : {});
  expect(await gone("0199f3a2-5c1e-7d44-9a30-5a8f0f8f2b11")).toBe("gone");
  expect(await cluster.get(kinds["configmaps"]!, "one", scratchNamespace)).toBeDefined();
  expect([await gone(made.metadata.uid), await gone(made.metadata.uid)]).toEqual(["gone", "gone"]);

  await waitUntil(all, () => (all.find("ConfigMap", "one") === undefined ? true : undefined), { withinMs: 5_000 });
  await cluster.remove(kinds["deployments"]!, "web", scratchNamespace);
  for (const { metadata } of (await cluster.list(kinds["pods"]!, { namespace: scratchNamespace })).objects)
    await cluster.remove(kinds["pods"]!, metadata.name, scratchNamespace, { gracePeriodSeconds: 0 });
  await waitUntil(all, () => (all.objects().some(({ kind }) => kind === "Pod") ? undefined : true), {
    withinMs: 60_000,
  });
  all.stop();
  expect(await cluster.remove(kinds["namespaces"]!, scratchNamespace, undefined)).toBe("removing");
  expect(await cluster.remove(kinds["namespaces"]!, scratchNamespace, undefined)).toMatch(/removing|gone/);
  await expect
    .poll(async () => await cluster.get(kinds["namespaces"]!, scratchNamespace), { timeout: 60_000 })
    .toBeUndefined();
  expect(await cluster.identity()).toBe(identity);
});

test("more objects than fit on a page are all listed", async () => {
  await cluster.apply(namespace(scratchNamespace));
  const names = Array.from({ length: 1_100 }, (_, number) => `many-${number}`);
  for (let begin = 0; begin < names.length; begin += 50)
    await Promise.all(names.slice(begin, begin + 50).map(async (name) => await cluster.apply(configMap(name, "x"))));
  const { objects } = await cluster.list(kinds["configmaps"]!, { namespace: scratchNamespace });
  const found = objects.map(({ metadata }) => metadata.name).filter((name) => names.includes(name));
  expect(new Set(found).size).toBe(names.length);
  for (const { metadata } of (await cluster.list(kinds["configmaps"]!, { namespace: scratchNamespace })).objects)
    await cluster.remove(kinds["configmaps"]!, metadata.name, scratchNamespace);
});

test("a new kind is found, and an extension server that is dead is named without hiding the others", async () => {
  const names = { plural: "things", singular: "thing", kind: "Thing" };
  const version = { name: "v1", served: true, storage: true };
  const open = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const crd = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.firedrill.test" },
    spec: { group: "firedrill.test", scope: "Namespaced", names, versions: [{ ...version, schema: open }] },
  };
  const apiService = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1.dead.test" },
    spec: {
      group: "dead.test",
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: "nobody", namespace: "default" },
    },
  };
  await expect(cluster.apply(object("firedrill.test/v1", "Thing", "one"))).rejects.toMatchObject({
    type: "API_REFUSED",
    message: "the API server serves no Thing of firedrill.test/v1",
  });
  await cluster.apply(crd);
  await cluster.apply(apiService);
  await expect
    .poll(async () => await discover(cluster), { timeout: 30_000 })
    .toMatchObject({
      stale: ["dead.test/v1"],
      resources: expect.arrayContaining([
        expect.objectContaining({ group: "firedrill.test", plural: "things", namespaced: true, kind: "Thing" }),
        expect.objectContaining({ group: "apps", plural: "deployments" }),
      ]) as unknown,
    });
  await cluster.apply(namespace(scratchNamespace));
  expect(await cluster.apply(object("firedrill.test/v1", "Thing", "one"))).toMatchObject({ kind: "Thing" });
  await cluster.remove((await allKinds())["apiservices"]!, "v1.dead.test", undefined);
  await cluster.remove((await allKinds())["customresourcedefinitions"]!, "things.firedrill.test", undefined);
});

test("who lacks a right is told which one, and who is unknown is told so", async () => {
  const { body } = await cluster.connection.send({
    method: "POST",
    path: "/api/v1/namespaces/default/serviceaccounts/default/token",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
    signal: free,
  });
  const { token } = ((await body.json()) as { status: { token: string } }).status;
  const as = (token: string) => {
    const config = parse(kubeconfig) as { users: { user: object }[] };
    config.users[0]!.user = { token };
    return openCluster(stringify(config));
  };
  const powerless = as(token);
  const denied = powerless.list(kinds["pods"]!, { namespace: scratchNamespace });
  await expect(denied).rejects.toMatchObject({
    type: "PERMISSION_DENIED",
    message: expect.stringMatching(/cannot list resource "pods".*namespace "firedrill-e2e"/) as unknown,
  });
  await expect(follow(powerless, kinds["pods"]!, {}, { onChange: () => undefined }, free)).rejects.toMatchObject({
    type: "PERMISSION_DENIED",
  });
  const nobody = as("no-such-token-0123456789");
  await expect(nobody.identity()).rejects.toMatchObject({ type: "AUTHENTICATION_FAILED" });
  await expect(nobody.identity()).rejects.not.toMatchObject({ message: expect.stringContaining("no-such") as unknown });
  await Promise.all([powerless.close(), nobody.close()]);
});

test("a program runs in a pod: 50 MB come out and go in whole, and its end is told from a connection's", async () => {
  await cluster.apply(namespace(scratchNamespace));
  await cluster.apply(object("v1", "Pod", "box", { spec: busybox("sleep 3600") }));
  const pods = mirror(cluster, [kinds["pods"]!], scratchNamespace, free);
  const isReady = () => {
    const pod = pods.find("Pod", "box");
    return pod !== undefined && readiness(pod).status === "ready" ? true : undefined;
  };
  await waitUntil(pods, isReady, { withinMs: 60_000 });
  pods.stop();
  const run = async (script: string, more: object = {}) =>
    await execInPod(
      cluster,
      {
        namespace: scratchNamespace,
        pod: "box",
        container: "main",
        command: ["sh", "-c", script],
        timeoutMs: 60_000,
        ...more,
      },
      free,
    );

  let largest = 0;
  const slow = new Writable({
    highWaterMark: 64 * 1024,
    write(_chunk, _encoding, done) {
      largest = Math.max(largest, this.writableLength);
      if (Math.random() < 0.02) setTimeout(done, 5);
      else done();
    },
  });
  const size = 50_000_000;
  const out = await run(`head -c ${size} /dev/urandom | tee /tmp/blob; sha256sum /tmp/blob >&2`, { stdout: slow });
  expect(out).toMatchObject({ exitCode: 0, bytes: size });
  expect(out.stderr.split(" ")[0]).toBe(out.sha256);
  expect(largest).toBeLessThan(1_000_000);

  const blob = Buffer.alloc(1_000_000, "firedrill ");
  const hash = createHash("sha256");
  for (let part = 0; part < 50; part += 1) hash.update(blob);
  const input = Readable.from(Array.from({ length: 50 }, () => blob));
  const into = await run("sha256sum | cut -d' ' -f1", { stdin: input });
  expect(into.sha256).toBe(
    createHash("sha256")
      .update(`${hash.digest("hex")}\n`)
      .digest("hex"),
  );

  expect(await run("echo oh no >&2; exit 3")).toMatchObject({ exitCode: 3, stderr: "oh no\n", bytes: 0 });
  await expect(run("sleep 60", { timeoutMs: 500 })).rejects.toMatchObject({ type: "TIMED_OUT" });
  await expect(run("x", { command: ["nonsense"] })).rejects.toMatchObject({ type: "PROGRAM_MISSING" });
  await expect(run("true", { pod: "nobody" })).rejects.toMatchObject({
    type: "API_REFUSED",
    message: expect.stringContaining('pods "nobody" not found') as unknown,
  });
  const refuses = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  await expect(run("cat /tmp/blob", { stdout: refuses })).rejects.toThrow("disk full");
});

test("a watch outlives its API server, says since when it is away, and misses nothing of what comes after", async ({
  skip,
}) => {
  if (own.sandbox === undefined) return skip("only the lab's API server may be killed");
  await cluster.apply(namespace(scratchNamespace));
  await cluster.apply(configMap("before", "1"));
  const events: string[] = [];
  const stop = new AbortController();
  const following = follow(
    cluster,
    kinds["configmaps"]!,
    { namespace: scratchNamespace },
    {
      onChange({ metadata, data }, state) {
        if (metadata.name.startsWith("kube-root")) return;
        events.push(`${metadata.name} ${state === "gone" ? "gone" : (data as { value: string }).value}`);
      },
      onSynced: () => void events.push("synced"),
      onAway: (since) => void events.push(since === null ? "back" : "away"),
    },
    stop.signal,
  );
  await expect.poll(() => events).toEqual(["before 1", "synced"]);
  await cluster.apply(configMap("before", "2"));
  await cluster.apply(configMap("short", "1"));
  await expect.poll(() => events.slice(2)).toEqual(["before 2", "short 1"]);

  const all = mirror(cluster, [kinds["configmaps"]!, kinds["pods"]!], scratchNamespace, stop.signal);
  await all.changed();
  // Ten seconds of absence, with eight to wait for something in all; what asked meanwhile may rest for five before it asks again.
  const waiting = waitUntil(all, () => all.find("ConfigMap", "after"), { withinMs: 8_000 });
  const restart = await killApiServer(own.sandbox);
  await expect.poll(() => events.at(-1)).toBe("away");
  await expect.poll(() => all.away()).not.toBeNull();
  // What is asked meanwhile is answered later.
  const asked = cluster.get(kinds["configmaps"]!, "short", scratchNamespace);
  await sleep(10_000);
  await restart();
  expect(await asked).toBeDefined();
  await cluster.remove(kinds["configmaps"]!, "short", scratchNamespace);
  await cluster.apply(configMap("after", "1"));
  await expect.poll(() => events.slice(4), { timeout: 40_000 }).toEqual(["away", "back", "short gone", "after 1"]);
  expect((await waiting).metadata.name).toBe("after");
  expect(all.away()).toBeNull();
  stop.abort();
  await following;
  await expect(all.changed()).rejects.toThrow("aborted");
});

/** @returns what starts it again, as it was */
async function killApiServer(sandbox: Sandbox): Promise<() => Promise<void>> {
  const file = join(sandbox.layout.directory, "processes", "kube-apiserver.json");
  const { pid } = JSON.parse(await readFile(file, "utf8")) as { pid: number };
  const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
  process.kill(pid, "SIGKILL");
  return async () => void (await startWithin(sandbox, "kube-apiserver", argv));
}
