import { afterEach, expect, test } from "vitest";
import { openCluster } from "../../../src/activities/kubernetes/client.ts";
import { reasonOf, whyItStays } from "../../../src/activities/namespace/stuck.ts";
import { diagnoseNamespace } from "../../../src/diagnosis/index.ts";
import { describeFailure, fail } from "../../../src/failures.ts";
import { answer, type FakeApiServer, startFakeApiServer } from "../../support/fake-api-server.ts";
import { ago, condition, crashed, object, snapshot, workload } from "../../support/namespace.ts";

/** What a person is told of a namespace that was deleted and does not go. */

let server: FakeApiServer | undefined;
afterEach(async () => await server?.stop());

const going = (...conditions: object[]) =>
  object("v1", "Namespace", "shop", {
    metadata: { namespace: undefined, deletionTimestamp: ago(60) },
    status: { phase: "Terminating", conditions },
  });
const held = (apiVersion: string, kind: string, name: string, ...finalizers: string[]) =>
  object(apiVersion, kind, name, { metadata: { deletionTimestamp: ago(60), finalizers } });
const reason = (objects: object[], cluster = [going()]) =>
  reasonOf(snapshot({ objects: objects as never[], cluster, expected: [] }));

test("the finalizers, what they hold, whose controller should remove them, and what else helps", () => {
  const volume = held("longhorn.io/v1beta2", "Volume", "pvc-1", "longhorn.io", "example.org/also");
  expect(reason([volume])).toEqual({
    message:
      "namespace shop cannot go: finalizer longhorn.io, example.org/also holds Volume.longhorn.io/pvc-1 for 60 s now",
    hint: expect.stringMatching(/^Look whether longhorn-manager .*in the component's `strip`.*`retry --reload`\.$/),
  });
});

test("of many the first three, and how many more there are", () => {
  const all = ["a", "b", "c", "d", "e"].map((name) => held("v1", "Secret", name, "example.org/held"));
  expect(reason(all)!.message).toBe(
    "namespace shop cannot go: finalizer example.org/held holds Secret/a for 60 s now; finalizer example.org/held holds Secret/b for 60 s now; finalizer example.org/held holds Secret/c for 60 s now; and 2 more",
  );
});

test("an API service that is dead", () => {
  const failure = condition(
    "NamespaceDeletionDiscoveryFailure",
    "True",
    "DiscoveryFailed",
    "no metrics.k8s.io/v1beta1",
  );
  const service = object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", {
    status: { conditions: [condition("Available", "False", "MissingEndpoints", "no endpoints")] },
  });
  expect(reason([], [going(failure), service])).toMatchObject({
    message: "namespace shop cannot go, because API service v1beta1.metrics.k8s.io is dead: no endpoints",
    hint: expect.stringContaining("Start the pods behind this API service") as string,
  });
});

test("nothing is made of a namespace that is there again, however ill it is", () => {
  const ill = snapshot({ objects: workload("web", { status: crashed(1) }) });
  expect(diagnoseNamespace(ill)).toHaveLength(1);
  expect(reasonOf(ill)).toBeUndefined();
  expect(reasonOf(undefined)).toBeUndefined();
});

test("a snapshot that cannot be had hides nothing of what was seen; other failures stay what they are", async () => {
  server = await startFakeApiServer(answer.status(403, "namespaces is forbidden: you cannot get it"));
  const cluster = openCluster(server.kubeconfig(), undefined, { withinMs: 0 });
  const session = { cluster, identity: "", resources: [], stale: [] };
  const left = [held("v1", "Secret", "a", "example.org/held")];
  const late = fail("TIMED_OUT", "waited for namespace shop to go");
  const said: string[] = [];
  const why = (objects: typeof left, error: unknown) =>
    whyItStays(session, "shop", objects, error, { progress: (text) => said.push(text) });
  expect(describeFailure(await why(left, late))).toEqual({
    type: "TIMED_OUT",
    message: "namespace shop does not go: Secret/a waits for finalizer example.org/held",
    hint: expect.stringContaining("`strip`") as string,
  });
  expect(said).toEqual([expect.stringContaining("could not be looked for: ")]);
  expect(await why([], late)).toBe(late);
  const denied = fail("PERMISSION_DENIED", "no");
  expect(await why(left, denied)).toBe(denied);
  await cluster.close();
});
