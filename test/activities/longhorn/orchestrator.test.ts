import { stringify } from "yaml";
import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import {
  besideOrchestrator,
  followOrchestrator,
  hasLeftOut,
  orchestrates,
} from "../../../src/activities/longhorn/orchestrator.ts";
import { describeFailure, fail } from "../../../src/failures.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** The orchestrator's Job, as a new cluster has it. */

let server: FakeApiServer | undefined;
afterEach(async () => await server?.stop());

const limits = { within: 60_000, standstill: 60_000 };
const config = stringify({ volumes: [{ claim: "shop/data", volume: "shop-data" }] });
const jobOf = (condition: object | null) => ({
  metadata: { name: "restore-volumes" },
  spec: {
    template: {
      spec: { containers: [{ name: "restore-volumes" }], volumes: [{ configMap: { name: "restore-volumes-1a" } }] },
    },
  },
  status: { conditions: condition === null ? [] : [condition] },
});
const running = jobOf(null);
const complete = jobOf({ type: "Complete", status: "True" });
const failed = jobOf({ type: "Failed", status: "True", message: "Job has reached the specified backoff limit" });

/** @param states of the Job, one for each look; the last one stays */
async function clusterWith(states: (object | null)[], log = "shop/data: waiting\nshop/data: 37 % restored\n") {
  let looks = 0;
  server = await startFakeApiServer(({ path }, response) => {
    const job = () => states[Math.min((looks += 1), states.length) - 1];
    const found = path.endsWith("/jobs/restore-volumes")
      ? job()
      : path.endsWith("/log")
        ? log
        : path.endsWith("/pods")
          ? { metadata: {}, items: [{ metadata: { name: "restore-volumes-x" }, status: {} }] }
          : path.endsWith("/configmaps/restore-volumes-1a")
            ? { metadata: { name: "restore-volumes-1a" }, data: { "volumes.yaml": config } }
            : null;
    response.writeHead(found === null ? 404 : 200, { "content-type": "application/json" });
    response.end(typeof found === "string" ? found : JSON.stringify(found ?? {}));
  });
  return openCluster(server.kubeconfig());
}

const told: string[] = [];
const context = () => {
  told.length = 0;
  return { signal: new AbortController().signal, progress: (text: string) => void told.push(text) };
};
const failureOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return describeFailure(error);
};

test("without the Job there is nothing to follow", async () => {
  const cluster = await clusterWith([null]);
  expect(await followOrchestrator(cluster, limits, context())).toBe(false);
  expect(await orchestrates(cluster, "shop/data")).toBe(false);
  await cluster.close();
});

test("its last words are told until it has ended", async () => {
  const cluster = await clusterWith([running, complete]);
  expect(await followOrchestrator(cluster, limits, context())).toBe(true);
  expect(told).toEqual([
    "Job longhorn-system/restore-volumes restores volumes: shop/data: waiting | shop/data: 37 % restored",
  ]);
  await cluster.close();
});

test("only claims of its own configuration are its business", async () => {
  const cluster = await clusterWith([running]);
  expect(await orchestrates(cluster, "shop/data")).toBe(true);
  expect(await orchestrates(cluster, "shop/other")).toBe(false);
  await cluster.close();
});

test.each<[string, (object | null)[], Partial<typeof limits>, string, RegExp]>([
  ["it has failed", [running, failed], {}, "RECOVERY_FAILED", /has failed \(Job has reached .*\); it said: .*37 %/],
  [
    "nothing of it moves",
    [running],
    { standstill: 500 },
    "TIMED_OUT",
    /restores volumes: .*37 % restored; it has not ended, and nothing of it moves/,
  ],
  ["it takes too long", [running], { within: 500 }, "TIMED_OUT", /it has not ended, and it takes too long/],
])("%s: that is said, with its last words and what to do", async (_, states, more, type, words) => {
  const cluster = await clusterWith(states);
  const found = await failureOf(followOrchestrator(cluster, { ...limits, ...more }, context()));
  expect(found).toMatchObject({ type, message: expect.stringMatching(words) as string });
  expect(found.hint).toContain("delete the Job");
  await cluster.close();
});

test("it ended well, and the volume is not there", async () => {
  const cluster = await clusterWith([complete], "skipped: ConfigMap flux-system/cluster-config says so\n");
  const found = await failureOf(hasLeftOut(cluster, "shop-data"));
  expect(found.message).toMatch(/there is no volume shop-data; it said: skipped: ConfigMap/);
  expect(found.hint).toContain("skip_backup_restore");
  await cluster.close();
});

test("other work beside it ends when it fails", { timeout: 20_000 }, async () => {
  const cluster = await clusterWith([null, running, failed]);
  const never = async () => await new Promise<string>(() => undefined);
  const found = await failureOf(besideOrchestrator(cluster, limits, context(), never));
  expect(found.type).toBe("RECOVERY_FAILED");
  await cluster.close();
});

test.each([
  ["never comes", null],
  ["ends well", complete],
])("other work beside it goes on when it %s", { timeout: 20_000 }, async (_, state) => {
  const cluster = await clusterWith([state]);
  const soon = async () => await new Promise<string>((resolve) => void setTimeout(() => resolve("done"), 1_500));
  expect(await besideOrchestrator(cluster, limits, context(), soon)).toBe("done");
  await cluster.close();
});

test("other work that stands still because of it is ended with its words", { timeout: 20_000 }, async () => {
  const cluster = await clusterWith([running]);
  const waiting = async (_: AbortSignal, said: () => string) => {
    while (said() === "") await new Promise((resolve) => void setTimeout(resolve, 50));
    throw fail("TIMED_OUT", "waited for the layers: standing still since 10:00");
  };
  const found = await failureOf(besideOrchestrator(cluster, limits, context(), waiting));
  expect(found.message).toMatch(/37 % restored; it has not ended/);
  await cluster.close();
});
