import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holdingMeanwhile } from "../../../src/activities/cluster/hold-early.ts";
import { keepKnown } from "../../../src/activities/cluster/memory.ts";
import { reachNew } from "../../../src/activities/cluster/reach-new.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { Gitops } from "../../../src/plan/cluster-schema.ts";
import type { Answering, FakeApiServer } from "../../support/fake-api-server.ts";
import { startFakeApiServer } from "../../support/fake-api-server.ts";

/** Which cluster is taken for the new one, and what is done in it while the infrastructure is still at work. */

const known = { identity: "old", server: "", nodes: [], layers: [], takenAt: "2026-01-01T10:00:00.500Z", checks: [] };

let directory: string;
let server: FakeApiServer | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-reach-"));
  await keepKnown({ directory }, known, "the old kubeconfig");
});
afterEach(async () => {
  await server?.stop();
  await rm(directory, { recursive: true });
});

async function accessTo(answering: Answering) {
  server = await startFakeApiServer(answering);
  const file = join(directory, "kubeconfig");
  await writeFile(file, server.kubeconfig());
  return { kubeconfig: { file } };
}

const context = () =>
  ({ directory, signal: new AbortController().signal, progress: () => undefined }) as unknown as StepContext;
const namespace = (uid: string, creationTimestamp: string) => ({
  metadata: { name: "kube-system", uid, creationTimestamp },
});
const json = (body: object, status = 200) =>
  ((_, response) =>
    void response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify(body))) satisfies Answering;

test.each([
  ["made after the run began", "2026-01-01T10:00:00Z", true],
  ["older than the run", "2026-01-01T09:59:59Z", false],
])("another cluster, %s", async (_, created, isNew) => {
  const access = await accessTo(json(namespace("other", created)));
  const { cluster, why } = await reachNew(access, known, context());
  expect(cluster !== undefined).toBe(isNew);
  expect(why).toMatch(isNew ? /^$/ : /is a cluster of 2026-01-01T09:59:59Z, older than this run/);
  await cluster?.close();
});

test("the old cluster is never taken for the new one", async () => {
  const access = await accessTo(json(namespace("old", "2026-01-01T10:00:00Z")));
  await expect(reachNew(access, known, context())).rejects.toMatchObject({ type: "TARGET_EXISTS" });
});

const gitops = Gitops.parse({ kind: "flux", layers: ["base", "apps"], waitForData: ["apps"] });
const component = { name: "homelab", kind: "cluster", within: 1_000, standstill: 1_000 } as const;
const inputOf = (access: Awaited<ReturnType<typeof accessTo>>) => ({ component, access, gitops, checks: [] }) as never;

test("layers that need the data are held back while the work goes on", { timeout: 20_000 }, async () => {
  const held = Promise.withResolvers<string>();
  const layer = { metadata: { name: "apps", namespace: "flux-system", uid: "1", resourceVersion: "1" }, spec: {} };
  const access = await accessTo((asked, response) => {
    if (asked.method === "PATCH") held.resolve(`${asked.path} ${asked.body}`);
    if (asked.path.endsWith("/kube-system")) return json(namespace("other", "2026-01-01T10:00:01Z"))(asked, response);
    if (asked.path === "/api" || asked.path === "/apis")
      return json({ kind: "APIGroupDiscoveryList", items: [] })(asked, response);
    if (asked.query.get("watch") === "true") return response.writeHead(200).flushHeaders();
    if (asked.path.endsWith("/kustomizations"))
      return json({ metadata: { resourceVersion: "1" }, items: [layer] })(asked, response);
    return json(layer)(asked, response);
  });
  const done = await holdingMeanwhile(inputOf(access), context(), async () => await held.promise);
  expect(done).toMatch(/\/namespaces\/flux-system\/kustomizations\/apps .*"suspend":true/);
});

test("a cluster that never answers keeps the work from nothing", async () => {
  const access = await accessTo(json({ message: "not yet" }, 500));
  expect(await holdingMeanwhile(inputOf(access), context(), async () => "done")).toBe("done");
  const failing = holdingMeanwhile(inputOf(access), context(), async () => Promise.reject(new Error("quota")));
  await expect(failing).rejects.toThrow("quota");
});
