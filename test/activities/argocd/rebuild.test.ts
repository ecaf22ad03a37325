import { afterEach, describe, expect, test } from "vitest";
import { rebuildByArgo } from "../../../src/activities/argocd/rebuild.ts";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { answer, listOf, startFakeApiServer } from "../../support/fake-api-server.ts";

/** How Argo CD is asked: an API server with one Application, whose syncs end at once, as a test has it. */

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const since = "2026-11-28T01:00:00.000Z";
const info = [{ name: "lostAt", value: since }];
const pace = { takeUpMs: 1, firstMs: 20, lastMs: 60, most: 5 };

/**
 * @param phases of one sync after the other, and of all further ones the last
 * @param before the sync that was there already; one that runs ends by itself as `endsAs`
 */
async function start(phases: string[], before?: object, endsAs = "Succeeded") {
  const askedAt: number[] = [];
  let endedByUs = 0;
  let seen = false;
  const application: KubernetesObject = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd", resourceVersion: "1" },
    status: { operationState: before },
  };
  const server = await startFakeApiServer((asked, response) => {
    if (asked.query.has("watch")) return response.writeHead(200).flushHeaders();
    const state = application.status!["operationState"] as { phase?: string } | undefined;
    if (asked.body.includes("Terminating")) {
      endedByUs += 1;
      state!.phase = "Failed";
    }
    // It runs until somebody has seen it, and then waits for its end.
    if (asked.method === "GET" && asked.path.endsWith("/shop")) seen = true;
    else if (asked.path.endsWith("/applications") && seen && state?.phase === "Running") state.phase = endsAs;
    if (asked.path.endsWith("/applications")) return answer.json(listOf("1", application))(asked, response);
    const { operation } = JSON.parse(asked.body || "{}") as { operation?: object };
    if (operation) {
      const phase = phases[Math.min(askedAt.length, phases.length - 1)];
      askedAt.push(asked.at);
      const startedAt = `sync ${askedAt.length}`;
      application.status = { operationState: { phase, startedAt, operation, message: "no quota" } };
    }
    answer.json(application)(asked, response);
  });
  const cluster = openCluster(server.kubeconfig());
  ended.push(cluster.close, server.stop);
  const told: string[] = [];
  const context = { signal: new AbortController().signal, progress: (text: string) => told.push(text) } as never;
  const session = { cluster, resources: [], identity: "", stale: [] };
  await rebuildByArgo(session, [application], { since, withinMs: 5_000 }, context, pace);
  return { askedAt, told, endedByUs };
}

test("a sync that fails is asked for again after growing pauses, and not without end", async () => {
  const { askedAt, told } = await start(["Failed"]);
  expect(askedAt).toHaveLength(6);
  const pauses = askedAt.slice(1).map((at, index) => at - askedAt[index]!);
  for (const [index, atLeast] of [20, 40, 60, 60, 60].entries())
    expect(pauses[index]).toBeGreaterThanOrEqual(atLeast - 2);
  expect(told).toHaveLength(6);
  expect(told[0]).toBe("the sync of Application shop failed: no quota");
});

test("one that succeeds is the last", async () => {
  expect((await start(["Failed", "Error", "Succeeded"])).askedAt).toHaveLength(3);
  expect((await start([], { phase: "Succeeded", startedAt: "x", operation: { info } })).askedAt).toHaveLength(0);
});

test("after one that failed in the try before it is asked at once", async () => {
  const { askedAt, told } = await start(["Succeeded"], { phase: "Failed", startedAt: "x", operation: { info } });
  expect([askedAt.length, told]).toEqual([1, []]);
});

describe("a sync that runs already", () => {
  const running = (value: string, resources?: object[]) => ({
    phase: "Running",
    startedAt: "x",
    operation: { info: [{ name: "lostAt", value }], sync: { ...(resources && { resources }) } },
  });

  test("of another namespace that was lost later does for this one as well", async () => {
    const { askedAt, endedByUs } = await start([], running("2026-11-28T01:00:09.000Z"));
    expect([askedAt.length, endedByUs]).toEqual([0, 0]);
  });

  test("of one that was lost before is let come to its end, and then ours is asked for", async () => {
    const { askedAt, endedByUs } = await start(["Succeeded"], running("2026-11-28T00:59:00.000Z"));
    expect([askedAt.length, endedByUs]).toEqual([1, 0]);
  });

  test("of one that was lost later, and fails, is asked for again", async () => {
    const { askedAt } = await start(["Succeeded"], running("2026-11-28T01:00:09.000Z"), "Failed");
    expect(askedAt).toHaveLength(1);
  });

  test("of self-heal is ended", async () => {
    const { askedAt, endedByUs } = await start(["Succeeded"], running(since, [{ kind: "ConfigMap" }]));
    expect([askedAt.length, endedByUs]).toEqual([1, 1]);
  });
});
