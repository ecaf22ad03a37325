import { Client, Connection } from "@temporalio/client";
import { MockActivityEnvironment } from "@temporalio/testing";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCluster } from "../../src/activities/kubernetes/client.ts";
import { withCluster } from "../../src/activities/kubernetes/session.ts";
import { type StepContext, stepActivity } from "../../src/activities/step.ts";
import type { Done, RunRef } from "../../src/activities/verbs.ts";
import type { Config } from "../../src/config.ts";
import { ClusterAccess } from "../../src/plan/access-schema.ts";
import { answer, configMaps, type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

/** A step that a server does not answer says since when, and until when; also where its worker dies meanwhile. */

let state: string;
let server: FakeApiServer;
let access: ClusterAccess;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "silent-"));
  server = await startFakeApiServer(({ path }, response) => {
    const lists = path === "/api" || path === "/apis" ? { kind: "List", versions: [], groups: [] } : { items: [] };
    answer.json({ ...lists, metadata: { name: "x", uid: "cluster" } })(undefined as never, response);
  });
  const file = join(state, "kubeconfig");
  await writeFile(file, server.kubeconfig(), { mode: 0o600 });
  access = ClusterAccess.parse({ kubeconfig: { file } });
});
afterEach(async () => {
  await server.stop();
  await rm(state, { recursive: true });
});

const attemptsOf = (id: string) => join(state, "runs", id, "attempts", "backup.shop.0.json");

async function run(id: string, code: (context: StepContext) => Promise<unknown>, client = {} as Client) {
  const activity = stepActivity({ state, plans: state } as Config, client, (_: { run: RunRef }, context) =>
    code(context),
  );
  const reference = { id, short: "0", plan: "p", type: "exercise", scenario: "none", tryNo: 0 } as RunRef;
  const environment = new MockActivityEnvironment({ activityId: "backup/shop" });
  const done = await environment.run<[{ run: RunRef }], Done<unknown>, typeof activity>(activity, { run: reference });
  return done.attempts;
}

/** Takes the API server away for so long, while the step asks it. */
async function asking(context: StepContext, awayMs: number, meanwhile: () => Promise<void> = async () => undefined) {
  await withCluster(access, context, async ({ cluster }) => {
    await server.stop();
    const asked = cluster.list(configMaps, { namespace: "demo" });
    await sleep(awayMs);
    await meanwhile();
    await server.start();
    await asked;
  });
}

const secondsOf = ({ from, to }: { from: string; to: string }) => (Date.parse(to) - Date.parse(from)) / 1_000;

test("an API server that is away for five seconds is told, with its begin and end", { timeout: 30_000 }, async () => {
  const before = new Date().toISOString();
  let asLeft = "";
  const [attempt] = await run("one", async (context) => {
    await asking(context, 5_000, async () => {
      // Written down when it is asked again.
      const read = async () => (asLeft = await readFile(attemptsOf("one"), "utf8"));
      await expect.poll(read, { timeout: 10_000 }).toContain("silences");
    });
  });
  const [silence, ...others] = attempt!.unanswered!;
  expect(others).toEqual([]);
  expect(silence!.by).toBe("API server");
  expect(silence!.from >= before && silence!.to <= attempt!.endedAt).toBe(true);
  expect(secondsOf(silence!)).toBeGreaterThan(4.5);
  // Its worker dies while nobody answers: the next attempt knows of it.
  expect(JSON.parse(asLeft)).toMatchObject([{ outcome: "died", silences: [{ from: silence!.from, to: null }] }]);
  await mkdir(dirname(attemptsOf("two")), { recursive: true });
  await writeFile(attemptsOf("two"), asLeft);
  const [died, next] = await run("two", () => Promise.resolve(7));
  expect(died).toMatchObject({ outcome: "died", unanswered: [{ from: silence!.from, to: died!.endedAt }] });
  expect(next).toEqual({ outcome: "ran", startedAt: next!.startedAt, endedAt: next!.endedAt });
});

test("a server that answers is not told, nor one that is away for a moment", async () => {
  const [attempt] = await run("one", async (context) => {
    await asking(context, 500);
  });
  expect(attempt).not.toHaveProperty("unanswered");
});

test("who asks a cluster that may be away by its nature tells nothing", { timeout: 30_000 }, async () => {
  await server.stop();
  const [attempt] = await run("one", async ({ signal }) => {
    const cluster = openCluster(server.kubeconfig(), undefined, { signal, withinMs: 4_500 });
    await cluster.identity().catch(() => "it does not answer");
    await cluster.close();
  });
  expect(attempt).not.toHaveProperty("unanswered");
  await server.start();
});

test("a Temporal server that is away is told", { timeout: 30_000 }, async () => {
  const connection = Connection.lazy({ address: "127.0.0.1:1" });
  const [attempt] = await run("one", () => sleep(6_500), new Client({ connection }));
  expect(attempt!.unanswered).toHaveLength(1);
  const [silence] = attempt!.unanswered!;
  expect(silence).toMatchObject({ by: "Temporal server", to: attempt!.endedAt });
  expect(secondsOf(silence!)).toBeGreaterThan(4);
  await connection.close();
});
