import { afterEach, expect, test } from "vitest";
import { rebuildByFlux } from "../../../src/activities/flux/rebuild.ts";
import { refreshFlux, requestReconcile } from "../../../src/activities/flux/refresh.ts";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { answer, listOf, startFakeApiServer } from "../../support/fake-api-server.ts";

/** How Flux is asked: an API server whose objects handle each request at once, or as a test has it. */

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

const served = [
  ["kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations"],
  ["helm.toolkit.fluxcd.io", "HelmRelease", "helmreleases"],
  ["source.toolkit.fluxcd.io", "GitRepository", "gitrepositories"],
  ["source.toolkit.fluxcd.io", "OCIRepository", "ocirepositories"],
] as const;
const resources = served.map(([group, kind, plural]) => {
  return { group, version: "v1", kind, plural, namespaced: true, verbs: ["list", "watch"] };
});
const requested = "reconcile.fluxcd.io/requestedAt";

function object(kind: string, name: string, spec: Record<string, unknown> = {}, lastHandledReconcileAt = "before") {
  const [group] = served.find((one) => one[1] === kind)!;
  const status = { lastHandledReconcileAt, conditions: [{ type: "Ready", status: "True" }] };
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name, namespace: "flux-system", resourceVersion: "1" },
    spec,
    status,
  };
}

type Handling = (object: KubernetesObject, token: string) => void;
const atOnce: Handling = ({ status }, token) => Object.assign(status!, { lastHandledReconcileAt: token });

async function start(objects: KubernetesObject[], handle: Handling = atOnce) {
  const patched: string[] = [];
  const server = await startFakeApiServer((asked, response) => {
    const [plural, name] = asked.path.split("/").slice(asked.path.includes("/namespaces/") ? 6 : 4);
    const of = objects.filter(({ kind }) => kind === served.find((one) => one[2] === plural)?.[1]);
    if (asked.query.has("watch")) return response.writeHead(200).flushHeaders();
    if (name === undefined) return answer.json(listOf("1", ...of))(asked, response);
    const one = of.find(({ metadata }) => metadata.name === name)!;
    const before = structuredClone(one);
    const { annotations } = (JSON.parse(asked.body) as KubernetesObject).metadata;
    one.metadata.annotations = { ...annotations };
    patched.push(name);
    handle(one, annotations![requested]!);
    answer.json({ ...before, metadata: { ...before.metadata, annotations } })(asked, response);
  });
  const cluster = openCluster(server.kubeconfig());
  ended.push(cluster.close, server.stop);
  return { patched, session: { cluster, resources, identity: "", stale: [] } };
}

const context = { signal: new AbortController().signal, progress: () => undefined } as never;

test("sources are fetched first, also those of releases; a release itself is not forced", async () => {
  const objects = [
    object("Kustomization", "layer", { sourceRef: { kind: "GitRepository", name: "git" } }),
    object("HelmRelease", "release", { chartRef: { kind: "OCIRepository", name: "chart" } }),
    object("GitRepository", "git"),
    object("OCIRepository", "chart"),
    object("GitRepository", "other"),
  ];
  const { patched, session } = await start(objects);
  await refreshFlux(session, objects.slice(0, 2), context);
  expect(patched).toEqual(["git", "chart", "layer"]);
});

test("the source of a release that cannot be fetched is told", async () => {
  const objects = [
    object("HelmRelease", "release", { chartRef: { kind: "OCIRepository", name: "chart" } }),
    object("OCIRepository", "chart"),
  ];
  const { session } = await start(objects, (one, token) => {
    one.status = { lastHandledReconcileAt: token, conditions: [{ type: "Ready", status: "False", message: "denied" }] };
  });
  await expect(refreshFlux(session, objects.slice(0, 1), context)).rejects.toMatchObject({
    type: "BACKUP_NOT_VERIFIED",
    message: "OCIRepository flux-system/chart is not ready: denied",
  });
});

test("a request that somebody else has written over ours counts, once it is handled", async () => {
  const { session } = await start([object("Kustomization", "layer")], (one) => {
    one.metadata.annotations![requested] = "theirs";
    one.status!["lastHandledReconcileAt"] = "theirs";
  });
  const answered = await requestReconcile(session, object("Kustomization", "layer"), "ours", context, 300);
  expect(answered.status).toMatchObject({ lastHandledReconcileAt: "theirs" });
});

test("what was handled before does not, nor an older request while ours still stands", async () => {
  const older: Handling = ({ status }) => Object.assign(status!, { lastHandledReconcileAt: "older" });
  const overwritten: Handling = ({ metadata }) => Object.assign(metadata.annotations!, { [requested]: "theirs" });
  for (const handle of [older, overwritten]) {
    const { session } = await start([object("Kustomization", "layer")], handle);
    const asking = requestReconcile(session, object("Kustomization", "layer"), "ours", context, 200);
    await expect(asking).rejects.toMatchObject({ type: "TIMED_OUT" });
  }
});

test("to rebuild, Git is fetched from first, whatever comes of it, and then layer by layer", async () => {
  const sourceRef = { kind: "GitRepository", name: "git" };
  const objects = [
    object("Kustomization", "above", { sourceRef, dependsOn: [{ name: "below" }] }),
    object("Kustomization", "below", { sourceRef }),
    object("GitRepository", "git"),
    object("GitRepository", "suspended", { suspend: true }),
    object("Kustomization", "apart", { sourceRef: { ...sourceRef, name: "suspended" } }),
  ];
  const tokens: string[] = [];
  const told: string[] = [];
  const { patched, session } = await start(objects, (one, token) => {
    tokens.push(token);
    const conditions = [{ type: "Ready", status: "False", message: "no route" }];
    Object.assign(one.status!, { lastHandledReconcileAt: token, ...(one.metadata.name === "git" && { conditions }) });
  });
  const holders = objects.filter(({ kind }) => kind === "Kustomization");
  const asking = { ...(context as object), progress: (text: string) => told.push(text) } as never;
  await rebuildByFlux(session, holders, objects, { token: "lost+0", withinMs: 1_000 }, asking);
  expect(patched[0]).toBe("git");
  expect(patched.slice(1, 3).toSorted()).toEqual(["apart", "below"]);
  expect(patched.slice(3)).toEqual(["above"]);
  expect(new Set(tokens)).toEqual(new Set(["lost+0"]));
  expect(told).toEqual(["GitRepository flux-system/git: no route"]);
});

test.each([
  [2, ["below", "below", "below", "above"]],
  [9, ["below", "below", "below", "below"]],
])(
  "a layer that fails %i times is asked for anew, and the one above it only when it is ready",
  async (times, asked) => {
    const objects = [
      object("Kustomization", "above", { dependsOn: [{ name: "below" }] }),
      object("Kustomization", "below"),
    ];
    const tokens: string[] = [];
    const { patched, session } = await start(objects, (one, token) => {
      tokens.push(token);
      const status = one.metadata.name === "below" && tokens.length <= times ? "False" : "True";
      const conditions = [{ type: "Ready", status, message: "namespace other is being terminated" }];
      one.status = { lastHandledReconcileAt: token, conditions };
    });
    const again = { firstMs: 1, lastMs: 2, most: 3 };
    await rebuildByFlux(session, objects, objects, { token: "lost+0", withinMs: 1_000 }, context, again);
    expect(patched).toEqual(asked);
    expect(new Set(tokens.slice(0, 3)).size).toBe(3);
  },
);
