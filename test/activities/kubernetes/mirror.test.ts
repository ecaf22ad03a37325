import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import { mirror } from "../../../src/activities/kubernetes/mirror.ts";
import { usualPace } from "../../../src/activities/kubernetes/watch.ts";
import {
  answer,
  type Answering,
  configMap,
  configMaps,
  listOf,
  startFakeApiServer,
} from "../../support/fake-api-server.ts";

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const secrets = { ...configMaps, kind: "Secret", plural: "secrets" };
const pace = { ...usualPace, firstBackoffMs: 50, lastBackoffMs: 100 };
const stays: Answering = (_, response) => response.writeHead(200).flushHeaders();
const lists =
  (...objects: object[]): Answering =>
  (asked, response) =>
    (asked.query.has("watch") ? stays : answer.json(listOf("1", ...objects)))(asked, response);

async function start(routes: Record<string, Answering>) {
  const server = await startFakeApiServer((asked, response) => routes[asked.path.split("/").at(-1)!]!(asked, response));
  const cluster = openCluster(server.kubeconfig());
  const stop = new AbortController();
  const all = mirror(cluster, [configMaps, secrets], "demo", stop.signal, pace);
  ended.push(
    () => stop.abort(),
    cluster.close,
    async () => await server.stop().catch(() => "stopped by its test"),
  );
  return { server, all, stop };
}

test("it knows the objects of all kinds, and that it knows them", async () => {
  const { all } = await start({ configmaps: lists(configMap("a", "1")), secrets: lists(configMap("a", "2")) });
  expect([all.isSynced(), all.objects()]).toEqual([false, []]);
  while (!all.isSynced()) await all.changed();
  expect(all.find("Secret", "a")).toMatchObject({ kind: "Secret", metadata: { resourceVersion: "2" } });
  expect(all.find("ConfigMap", "b")).toBeUndefined();
  expect(all.objects()).toHaveLength(2);
});

test("the API server is away when no watch is answered, not when one is", async () => {
  const { server, all } = await start({ configmaps: lists(), secrets: answer.status(503, "its server is dead") });
  await expect.poll(() => server.asked.length).toBeGreaterThan(5);
  expect([all.away(), all.isSynced()]).toEqual([null, false]);
  await server.stop();
  await expect.poll(all.away).not.toBeNull();
  await server.start();
  await expect.poll(all.away).toBeNull();
});

test("what no watch can go on after is told to whoever waits, now and later", async () => {
  const { all } = await start({ configmaps: lists(), secrets: answer.status(403, 'User "x" cannot list secrets') });
  const endless = async () => {
    for (;;) await all.changed();
  };
  await expect(endless()).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
  await expect(all.changed()).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
});

test("it stops, and so does whoever waits for it, with the reason of the signal", async () => {
  const { all, stop } = await start({ configmaps: lists(), secrets: lists() });
  while (!all.isSynced()) await all.changed();
  const waiting = all.changed();
  stop.abort(new Error("the run was cancelled"));
  await expect(waiting).rejects.toThrow("the run was cancelled");
  await expect(all.changed()).rejects.toThrow("the run was cancelled");
  const other = await start({ configmaps: lists(), secrets: lists() });
  const waitingToo = other.all.changed().then(async () => {
    for (;;) await other.all.changed();
  });
  other.all.stop();
  await expect(waitingToo).rejects.toThrow("aborted");
});
