import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { Cluster } from "../../../src/activities/kubernetes/cluster.ts";
import { follow, type Follower, type Pace, usualPace } from "../../../src/activities/kubernetes/watch.ts";
import {
  answer,
  type Answering,
  configMap,
  configMaps,
  type FakeApiServer,
  listOf,
  startFakeApiServer,
} from "../../support/fake-api-server.ts";

/** What a follower reports, whatever happens to its watch. */

const pace: Pace = { ...usualPace, firstBackoffMs: 100, lastBackoffMs: 400, connectMs: 400, settleMs: 1_000 };
const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const list = (version: string, ...items: object[]) => answer.json(listOf(version, ...items));
const event = (type: string, object: object) => JSON.stringify({ type, object });
const bookmark = (resourceVersion: string) => event("BOOKMARK", { kind: "ConfigMap", metadata: { resourceVersion } });
const lines = (response: ServerResponse, events: string[]) =>
  response.writeHead(200, { "content-type": "application/json" }).write(events.map((one) => `${one}\n`).join(""));
/** A watch that says this and stays open, ends, or breaks. */
const watch = {
  stays:
    (...events: string[]): Answering =>
    (_, response) =>
      void (events.length === 0 ? response.writeHead(200).flushHeaders() : lines(response, events)),
  ends:
    (...events: string[]): Answering =>
    (_, response) =>
      void response.writeHead(200).end(events.map((one) => `${one}\n`).join("")),
  breaks:
    (...events: string[]): Answering =>
    (_, response) => {
      lines(response, events);
      setTimeout(() => response.socket?.destroy(), 50);
    },
};

/** Lists are answered well, watches like this. */
function watchesOnly(answering: Answering): Answering {
  return (asked, response) => (asked.query.has("watch") ? answering : list("1"))(asked, response);
}

async function start(answering: Answering[], changes: Partial<Pace> = {}, more: Partial<Follower> = {}) {
  const server = await startFakeApiServer(...answering);
  const cluster = openCluster(server.kubeconfig());
  const events: string[] = [];
  const stop = new AbortController();
  const follower: Follower = {
    onChange: ({ metadata }, state) => void events.push(`${metadata.name}@${metadata.resourceVersion} ${state}`),
    onSynced: () => void events.push("synced"),
    onAway: (since) => void events.push(since === null ? "back" : "away"),
    ...more,
  };
  const selection = { namespace: "demo", labelSelector: "a=b" };
  const following = follow(cluster, configMaps, selection, follower, stop.signal, { ...pace, ...changes });
  const quiet = following.catch(() => "its test has seen it");
  ended.push(async () => {
    stop.abort();
    await quiet;
    await close(server, cluster);
  });
  return { server, events, following, stop };
}
async function close(server: FakeApiServer, cluster: Cluster) {
  await cluster.close();
  await server.stop().catch(() => "stopped by its test");
}
const watches = ({ asked }: FakeApiServer) => asked.filter(({ query }) => query.has("watch"));
const versions = (server: FakeApiServer) => watches(server).map(({ query }) => query.get("resourceVersion"));

const [a1, a2, b1] = [configMap("a", "1"), configMap("a", "3"), configMap("b", "2")];

test("what is there, then what changes; a watch that ends or breaks goes on from the last version, bookmarks too", async () => {
  const { server, events } = await start([
    list("2", a1, b1),
    watch.ends(event("MODIFIED", a2)),
    watch.breaks(bookmark("9")),
    watch.stays(event("DELETED", { ...b1, metadata: { ...b1.metadata, resourceVersion: "10" } })),
  ]);
  await expect.poll(() => events.at(-1), { timeout: 3_000 }).toBe("b@10 gone");
  // What broke may be an API server that ends, until it answers again.
  expect(events).toEqual(["a@1 there", "b@2 there", "synced", "a@3 there", "away", "back", "b@10 gone"]);
  expect(versions(server)).toEqual(["2", "3", "9"]);
  expect(watches(server)[0]?.query.get("allowWatchBookmarks")).toBe("true");
  expect(server.asked.every(({ query }) => query.get("labelSelector") === "a=b")).toBe(true);
});

test("a line that comes in pieces, between and within letters, is one event", async () => {
  const long = { ...a1, data: { value: "ä€😀".repeat(50_000) } };
  const bytes = Buffer.from(`${event("ADDED", long)}\n${event("ADDED", b1)}\n`);
  let got: unknown;
  const { events } = await start(
    [
      list("1"),
      (_, response) => {
        response.writeHead(200);
        for (let begin = 0; begin < bytes.length; begin += 9_973) response.write(bytes.subarray(begin, begin + 9_973));
      },
    ],
    {},
    { onChange: (object) => void (got ??= object) },
  );
  await expect.poll(() => got).toEqual(long);
  expect(events).toEqual(["synced"]);
});

const gone = answer.status(410, "too old");
const error = watch.ends(event("ERROR", { kind: "Status", code: 410, reason: "Expired" }));
test.each([
  ["by its status", gone],
  ["in the middle", error],
])(
  "a version that was forgotten, told %s: all is listed anew, and what vanished meanwhile is reported",
  async (_, expired) => {
    const remade = configMap("c", "7", "another uid");
    const { server, events } = await start([
      list("2", a1, b1, configMap("c", "1")),
      expired,
      list("8", b1, remade),
      watch.stays(),
    ]);
    await expect.poll(() => versions(server)).toEqual(["2", "8"]);
    expect(events).toEqual(["a@1 there", "b@2 there", "c@1 there", "synced", "a@1 gone", "c@1 gone", "c@7 there"]);
  },
);

test("everything is listed anew from time to time", async () => {
  const { server, events } = await start([list("1"), watch.ends(), list("5", a2), watch.stays()], { relistMs: 1 });
  await expect.poll(() => events).toEqual(["synced", "a@3 there"]);
  expect(server.asked[1]?.query.get("timeoutSeconds")).toBe("1");
});

test("a watch on which nothing comes is given up and goes on, also where the server says nothing at all", async () => {
  const { server, events } = await start([list("1"), watch.stays(), answer.hangs, watch.stays(event("ADDED", b1))], {
    quietMs: 200,
  });
  await expect.poll(() => events, { timeout: 3_000 }).toEqual(["synced", "away", "back", "b@2 there"]);
  expect(versions(server).slice(0, 3)).toEqual(["1", "1", "1"]);
});

test("a watch on which something comes now and then is left alone", async () => {
  const ticks: Answering = (_, response) => {
    response.writeHead(200).flushHeaders();
    const timer = setInterval(() => response.write(`${bookmark("5")}\n`), 100);
    response.on("close", () => clearInterval(timer));
  };
  const { server } = await start([list("1"), ticks], { quietMs: 300 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(server.asked).toHaveLength(2);
});

test("since when it is away counts from the last that was heard", async () => {
  let since: string | null | undefined;
  const begun = Date.now();
  await start([list("1"), watch.stays(), answer.hangs], { quietMs: 600 }, { onAway: (time) => (since ??= time) });
  await expect.poll(() => since, { timeout: 3_000 }).toBeTypeOf("string");
  expect(Date.now() - Date.parse(since!)).toBeGreaterThan(800);
  expect(Date.parse(since!)).toBeGreaterThanOrEqual(begun - 10);
});

test("attempts become rarer, and the first one comes at once", async () => {
  const { server, events } = await start([list("1"), answer.status(503, "no")], {
    firstBackoffMs: 1_000,
    lastBackoffMs: 1_500,
  });
  await expect.poll(() => server.asked.length, { timeout: 5_000 }).toBeGreaterThan(4);
  const times = server.asked.map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  expect(gaps[1]).toBeLessThan(240);
  expect(gaps[2]).toBeGreaterThan(495);
  expect(gaps[3]).toBeGreaterThan(745);
  expect(events).toEqual(["synced", "away"]);
});

test.each([
  ["a watch that ends at once", [list("1"), watch.ends()]],
  ["a watch that wants other credentials all the time", [watchesOnly(answer.status(401, "who"))]],
  ["a version that is always forgotten", [watchesOnly(gone)]],
])("%s is not asked again and again without a pause", async (_, answering) => {
  const { server } = await start(answering);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(server.asked.length).toBeGreaterThan(2);
  expect(server.asked.length).toBeLessThan(20);
});

test("a server that was killed and started again is away in between, and nothing is lost", async () => {
  const { server, events } = await start([list("1"), watch.stays(), watch.stays(event("ADDED", b1))]);
  await expect.poll(() => watches(server).length).toBe(1);
  await server.stop();
  await expect.poll(() => events).toEqual(["synced", "away"]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.start();
  await expect.poll(() => events, { timeout: 3_000 }).toEqual(["synced", "away", "back", "b@2 there"]);
});

const forbidden = answer.status(403, 'User "x" cannot watch resource "configmaps"');
test.each([
  ["PERMISSION_DENIED", [forbidden]],
  ["PERMISSION_DENIED", [list("1"), forbidden]],
  ["API_REFUSED", [answer.status(404, "not served")]],
  ["AUTHENTICATION_FAILED", [answer.status(401, "who")]],
  ["AUTHENTICATION_FAILED", [list("1"), answer.status(401, "who")]],
])("%s is the end", async (type, answering) => {
  const { following } = await start(answering);
  await expect(following).rejects.toMatchObject({ type });
});

test("credentials that expire in the middle are read once more", async () => {
  const { events } = await start([
    list("1"),
    answer.status(401, "expired"),
    answer.status(401, "expired"),
    list("3", a2),
    watch.stays(),
  ]);
  await expect.poll(() => events).toEqual(["synced", "a@3 there"]);
});

test("a server that has just come back may refuse for a moment", async () => {
  const { events } = await start([list("1"), answer.resets, forbidden, forbidden, watch.stays(event("ADDED", b1))]);
  await expect.poll(() => events, { timeout: 3_000 }).toEqual(["synced", "away", "back", "b@2 there"]);
  const forever = await start([list("1"), answer.resets, forbidden]);
  await expect(forever.following).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
});

test("what a callback throws is the end, wherever it is thrown", async () => {
  const thrower = () => {
    throw new Error("the callback is broken");
  };
  for (const more of [{ onSynced: thrower }, { onChange: thrower }, { onAway: thrower }]) {
    const { following } = await start([list("1"), watch.breaks(event("ADDED", b1)), watch.stays()], {}, more);
    await expect(following).rejects.toThrow("the callback is broken");
  }
});

test("the signal ends it, silently, also while it waits", async () => {
  for (const answering of [[list("1"), watch.stays()], [answer.hangs], [answer.status(503, "no")]]) {
    const { server, stop, following } = await start(answering);
    await expect.poll(() => server.asked.length).toBeGreaterThan(0);
    stop.abort();
    const startedAt = performance.now();
    await following;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }
});
