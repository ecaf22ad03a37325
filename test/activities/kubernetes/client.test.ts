import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../../src/activities/kubernetes/cluster.ts";
import { describeFailure } from "../../../src/failures.ts";
import {
  answer,
  type Answering,
  certificate,
  configMap,
  configMaps,
  type FakeApiServer,
  kubeconfigOf,
  listOf,
  startFakeApiServer,
} from "../../support/fake-api-server.ts";

const opened: { close: () => Promise<void> }[] = [];
const servers: FakeApiServer[] = [];
const directory = mkdtempSync(join(tmpdir(), "firedrill-client-"));
afterEach(async () => {
  for (const cluster of opened.splice(0)) await cluster.close();
  for (const server of servers.splice(0)) await server.stop().catch(() => "stopped by its test");
});

async function serve(...answering: Answering[]) {
  const server = await startFakeApiServer(...answering);
  servers.push(server);
  const open = (user?: object) => use(openCluster(server.kubeconfig(user)));
  return { server, cluster: open(), open };
}
function use(cluster: Cluster): Cluster {
  opened.push(cluster);
  return cluster;
}
async function failureOf(promise: Promise<unknown>) {
  return describeFailure(
    await promise.then(
      () => new Error("it went well"),
      (error: unknown) => error,
    ),
  );
}
const one = answer.json(configMap("one", "1"));
const single = { withinMs: 0 };

test("many requests need few connections; what is missing is undefined, not an error", async () => {
  const { server, cluster } = await serve(answer.status(404, "not found"), one);
  expect(await cluster.get(configMaps, "none", "demo")).toBeUndefined();
  for (let count = 0; count < 20; count += 1) await cluster.get(configMaps, "one", "demo");
  expect(server.connections()).toBeLessThanOrEqual(2);
  expect(server.asked[0]).toMatchObject({
    path: "/api/v1/namespaces/demo/configmaps/none",
    headers: { authorization: "Bearer token-of-the-test" },
  });
});

test("who waits for an API server is told why, each time before it is asked again", async () => {
  const { server } = await serve(one);
  await server.stop();
  const told: string[] = [];
  const cluster = use(openCluster(server.kubeconfig(), undefined, { withinMs: 700, waiting: (why) => told.push(why) }));
  expect(await failureOf(cluster.get(configMaps, "one", "demo"))).toMatchObject({ type: "SYSTEM_UNREACHABLE" });
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told[0]).toMatch(/^the API server .* does not answer \(ECONNREFUSED\)$/);
});

test("pages are put together, with the kind that a list leaves out; a list whose pages have expired begins anew", async () => {
  const bare = (name: string) => ({ metadata: configMap(name, "1").metadata });
  const page = (next: string, ...names: string[]) =>
    answer.json({ kind: "ConfigMapList", metadata: { resourceVersion: "7", continue: next }, items: names.map(bare) });
  const { server, cluster } = await serve(
    page("p2", "old"),
    answer.status(410, "expired"),
    page("p2", "a", "b"),
    page("", "c"),
  );
  const { objects, resourceVersion } = await cluster.list(configMaps, { namespace: "demo", labelSelector: "a=b" });
  expect(objects).toEqual(["a", "b", "c"].map((name) => configMap(name, "1")));
  expect(resourceVersion).toBe("7");
  expect(server.asked.map(({ query }) => query.get("continue"))).toEqual([null, "p2", null, "p2"]);
  expect(server.asked[3]?.query.get("labelSelector")).toBe("a=b");
});

test("a busy server is asked again when it wants to be, broken connections and 5xx soon", async () => {
  const busy = answer.status(429, "too many", { "retry-after": "1" });
  const { server, cluster } = await serve(busy, answer.resets, answer.status(503, "starting"), one);
  expect(await cluster.get(configMaps, "one", "demo")).toMatchObject({ kind: "ConfigMap" });
  const [first, second, third, fourth] = server.asked.map(({ at }) => at);
  expect(second! - first!).toBeGreaterThan(990);
  expect(third! - second!).toBeLessThan(600);
  expect(fourth! - third!).toBeLessThan(1_000);
});

test.each([
  [
    "5xx",
    answer.status(503, "etcd is away."),
    /^the API server https:\/\/127\S+ cannot do it now \(503\): etcd is away$/,
    true,
  ],
  ["asked to come much later", answer.status(429, "busy", { "retry-after": "600" }), /now \(429\): busy$/, false],
  ["resets", answer.resets, /^the API server https:\/\/127\S+ does not answer \(UND_ERR_SOCKET\)$/, true],
  ["silence", answer.hangs, /does not answer \(no answer in time\)$/, true],
])("patience has an end: %s", async (_, bad, message, again) => {
  const { server, cluster } = await serve(bad);
  const startedAt = performance.now();
  const asked = cluster.with({ withinMs: 700, requestMs: 300 }).raw("/version");
  expect(await failureOf(asked)).toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: expect.stringMatching(message) as unknown,
  });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  const tries = server.asked.length;
  expect(tries > 1).toBe(again);
  await failureOf(cluster.with({ withinMs: 0, requestMs: 300 }).raw("/version"));
  expect(server.asked).toHaveLength(tries + 1);
});

test("a server that is not there is named", async () => {
  const { server, cluster } = await serve(one);
  await server.stop();
  expect(await failureOf(cluster.with(single).identity())).toMatchObject({
    type: "SYSTEM_UNREACHABLE",
    message: `the API server ${server.url} does not answer (ECONNREFUSED)`,
  });
});

test("another CA is not asked twice, and the hint says what has happened", async () => {
  const { server } = await serve(one);
  const cluster = use(openCluster(server.kubeconfig(undefined, certificate().cert)));
  const startedAt = performance.now();
  expect(await failureOf(cluster.identity())).toEqual({
    type: "SYSTEM_UNREACHABLE",
    message: `there is no trusted connection to the API server ${server.url} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    hint: "A rebuilt cluster has a new CA: get its new kubeconfig, or correct the CA and the server's name in it.",
  });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(server.asked).toEqual([]);
});

test("credentials that are refused are asked for once more, and then it is said that they are refused", async () => {
  const { server, cluster } = await serve(answer.status(401, "Unauthorized: token-of-the-test"));
  const failure = await failureOf(cluster.identity());
  expect(failure).toMatchObject({
    type: "AUTHENTICATION_FAILED",
    message: `the API server ${server.url} does not accept the kubeconfig's credentials`,
  });
  expect(server.asked).toHaveLength(2);
});

test("a plugin is asked again when its token is refused", async () => {
  const checks: Answering = (asked, response) =>
    (asked.headers.authorization === "Bearer second" ? one : answer.status(401, "expired"))(asked, response);
  const { server, open } = await serve(checks);
  const [script, count] = ["plugin.sh", "count"].map((name) => join(directory, name)) as [string, string];
  const credential = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$t'"}}`;
  writeFileSync(script, `t=first; [ -e ${count} ] && t=second; echo x >> ${count}; echo '${credential}'`);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: [script] };
  const cluster = open({ exec });
  expect(await cluster.get(configMaps, "one", "demo")).toMatchObject({ kind: "ConfigMap" });
  await cluster.get(configMaps, "one", "demo");
  expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer first",
    "Bearer second",
    "Bearer second",
  ]);
  const broken = open({ exec: { ...exec, args: ["-c", "echo please log in >&2; exit 1"] } });
  expect(await failureOf(broken.identity())).toMatchObject({
    type: "AUTHENTICATION_FAILED",
    message: "the kubeconfig gives no credentials: please log in",
  });
  const missing = open({ exec: { ...exec, command: "no-such-plugin" } });
  expect(await failureOf(missing.identity())).toMatchObject({
    type: "PROGRAM_MISSING",
    message: "the program no-such-plugin is not installed on the worker's host",
  });
  const hangs = open({ exec: { ...exec, command: "sleep", args: ["3"] } });
  expect(await failureOf(hangs.with({ withinMs: 0, requestMs: 300 }).identity())).toMatchObject({
    type: "SYSTEM_UNREACHABLE",
  });
});

test("a token comes from a file, and a new one when it was refused", async () => {
  const file = join(directory, "token");
  writeFileSync(file, "stale\n");
  const checks: Answering = (asked, response) => {
    const good = asked.headers.authorization === "Bearer fresh";
    writeFileSync(file, "fresh\n");
    (good ? one : answer.status(401, "expired"))(asked, response);
  };
  const { server, open } = await serve(checks);
  expect(await open({ tokenFile: file }).get(configMaps, "one", "demo")).toMatchObject({ kind: "ConfigMap" });
  expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer stale", "Bearer fresh"]);
  rmSync(file);
  expect(await failureOf(open({ tokenFile: file }).identity())).toMatchObject({ type: "AUTHENTICATION_FAILED" });
});

test.each([
  [403, 'pods is forbidden: User "x" cannot list resource "pods"', "PERMISSION_DENIED", /^pods is forbidden: User/],
  [403, "exceeded quota: pods=1", "API_REFUSED", /^the API server refused \(403\): exceeded quota: pods=1$/],
  [422, 'Namespace "A_" is invalid: metadata.name', "API_REFUSED", /\(422\): Namespace "A_" is invalid/],
  [400, "token-of-the-test is wrong", "API_REFUSED", /\(400\): \*\*\* is wrong/],
])("%s is no reason to ask again: %s", async (status, said, type, message) => {
  const { server, cluster } = await serve(answer.status(status, said));
  expect(await failureOf(cluster.raw("/x"))).toMatchObject({
    type,
    message: expect.stringMatching(message) as unknown,
  });
  expect(server.asked).toHaveLength(1);
});

test("a change that collides with another is made again, a removal looks what is there", async () => {
  const conflict = answer.status(409, "the object has been modified");
  const { server, cluster } = await serve(conflict, one, conflict, one);
  await cluster.mergePatch(configMaps, "one", "demo", { data: { a: "b" } });
  expect(server.asked).toMatchObject([
    { method: "PATCH", headers: { "content-type": "application/merge-patch+json" }, body: '{"data":{"a":"b"}}' },
    { method: "PATCH" },
  ]);
  expect(await cluster.remove(configMaps, "one", "demo", { uid: "another" })).toBe("gone");
  expect(JSON.parse(server.asked[2]!.body)).toMatchObject({ preconditions: { uid: "another" } });
});

test("a removal that collides although the object is there is refused; one that is under way is not", async () => {
  const conflict = answer.status(409, "stop");
  const going = answer.json({ ...configMap("one", "1"), metadata: { name: "one", deletionTimestamp: "2026" } });
  const { cluster } = await serve(conflict, one, conflict, going, answer.status(404, "gone"));
  expect(await failureOf(cluster.remove(configMaps, "one", "demo"))).toMatchObject({ type: "API_REFUSED" });
  expect(await cluster.remove(configMaps, "one", "demo")).toBe("removing");
  expect(await cluster.remove(configMaps, "one", "demo")).toBe("gone");
});

test("an object is applied by the path of its kind, which is looked up once, and again when it is not found", async () => {
  const served = (...kinds: string[]) =>
    answer.json({
      resources: kinds.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true, verbs: [] })),
    });
  const { server, cluster } = await serve(served("One"), one, one, served("One", "Two"), one);
  const object = (kind: string) => ({ apiVersion: "a.b/v1", kind, metadata: { name: "x", namespace: "demo" } });
  for (const kind of ["One", "One", "Two"]) await cluster.apply(object(kind));
  expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /apis/a.b/v1",
    "PATCH /apis/a.b/v1/namespaces/demo/ones/x",
    "PATCH /apis/a.b/v1/namespaces/demo/ones/x",
    "GET /apis/a.b/v1",
    "PATCH /apis/a.b/v1/namespaces/demo/twos/x",
  ]);
  expect(server.asked[1]?.query.toString()).toBe("fieldManager=firedrill&force=true");
});

test("a signal ends a request at once, also between two attempts, with its own reason", async () => {
  const { cluster } = await serve(answer.hangs, answer.status(429, "busy", { "retry-after": "20" }));
  for (let count = 0; count < 2; count += 1) {
    const stop = new AbortController();
    const startedAt = performance.now();
    setTimeout(() => stop.abort(new Error("the run was cancelled")), 200);
    await expect(cluster.with({ signal: stop.signal }).raw("/x")).rejects.toThrow("the run was cancelled");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }
  // A caller's own time-out is no silence of the server.
  const { cluster: quiet } = await serve(answer.hangs);
  const timed = quiet.with({ signal: AbortSignal.timeout(200), withinMs: 0 }).raw("/x");
  await expect(timed).rejects.toMatchObject({ name: "TimeoutError" });
});

test.each([
  ["{ token: s3cret-of-mine", undefined, "the kubeconfig is not one"],
  ["just text", undefined, 'the kubeconfig has no context ""'],
  [kubeconfigOf({ server: "https://127.0.0.1:1" }, {}), "other", 'the kubeconfig has no context "other"'],
  [kubeconfigOf({ server: "http://127.0.0.1:1" }, {}), undefined, "the server of the context fake is no https address"],
  [kubeconfigOf({ server: "127.0.0.1" }, {}), undefined, "the server of the context fake is no https address"],
])("a kubeconfig that cannot be used says why, and not what stands in it", async (text, context, message) => {
  const open = async () => await Promise.resolve(openCluster(text, context));
  expect(await failureOf(open())).toMatchObject({ type: "AUTHENTICATION_FAILED", message });
});

test("a list of no objects is empty", async () => {
  const { cluster } = await serve(answer.json({ ...listOf("1"), items: null }));
  expect(await cluster.list(configMaps)).toEqual({ objects: [], resourceVersion: "1" });
});
