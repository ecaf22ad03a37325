import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holdLayers, releaseLayers } from "../../../src/activities/cluster/hold.ts";
import { layersOf } from "../../../src/activities/cluster/layers.ts";
import { skipReconcile } from "../../../src/activities/kubernetes/gitops-hold.ts";
import { withCluster } from "../../../src/activities/kubernetes/session.ts";
import { listLeftovers } from "../../../src/activities/leftovers.ts";
import type { StepContext } from "../../../src/activities/step.ts";
import { Gitops } from "../../../src/plan/cluster-schema.ts";
import { type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";

/** What waits for the data is held back in the new cluster, and let go when it is there. */

const argoCd = layersOf(Gitops.parse({ kind: "argocd", applications: ["base", "apps"], waitForData: ["apps"] }));
const flux = layersOf(Gitops.parse({ kind: "flux", layers: ["base", "apps"], waitForData: ["apps"] }));

let directory: string;
let server: FakeApiServer;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "firedrill-hold-"))));
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

/** Holds back a layer that is so, then lets it go. @returns what was patched, and what was noted in between */
async function holdAndRelease(layers: typeof argoCd, layer: { annotations?: object; spec?: object }) {
  const { annotations, spec = {} } = layer;
  const object = { metadata: { name: "apps", namespace: "x", uid: "1", resourceVersion: "1", annotations }, spec };
  server = await startFakeApiServer(({ path, query }, response) => {
    const answer = (body: object) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (path.endsWith("/kube-system")) answer({ metadata: { name: "kube-system", uid: "new" } });
    else if (path === "/api" || path === "/apis") answer({ kind: "APIGroupDiscoveryList", items: [] });
    else if (query.get("watch") === "true") response.writeHead(200).flushHeaders();
    else if (path.endsWith(layers.kind.plural)) answer({ metadata: { resourceVersion: "1" }, items: [object] });
    else answer(object);
  });
  const file = join(directory, "kubeconfig");
  await writeFile(file, server.kubeconfig());
  const context = { directory, signal: new AbortController().signal, progress: () => undefined };
  const access = { kubeconfig: { file } };
  return await withCluster(access, context as unknown as StepContext, async (session) => {
    const times = { withinMs: 10_000, stallMs: 10_000 };
    await holdLayers(session, access, layers, times, context as unknown as StepContext);
    const noted = (await listLeftovers(directory)).map(({ key }) => key);
    await releaseLayers(session, layers, context as unknown as StepContext);
    const patched = server.asked
      .filter(({ method }) => method === "PATCH")
      .map(({ body }) => JSON.parse(body) as object);
    return { noted, patched, left: await listLeftovers(directory) };
  });
}

const annotated = (value: string | null) => ({ metadata: { annotations: { [skipReconcile]: value } } });

test("an Application is held, and let go", async () => {
  const patched = [annotated("true"), annotated(null)];
  expect(await holdAndRelease(argoCd, {})).toEqual({ noted: ["layer.apps"], patched, left: [] });
});

test("one that is made with the annotation is let go as well", async () => {
  const found = await holdAndRelease(argoCd, { annotations: { [skipReconcile]: "true" } });
  expect(found).toEqual({ noted: ["layer.apps"], patched: [annotated(null)], left: [] });
});

test("a Kustomization that somebody has suspended stays so", async () => {
  expect(await holdAndRelease(flux, { spec: { suspend: true } })).toEqual({ noted: [], patched: [], left: [] });
});
