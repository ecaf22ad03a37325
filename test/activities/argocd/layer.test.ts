import { expect, test } from "vitest";
import { reluctance } from "../../../src/activities/argocd/layer.ts";
import { heldTooLate, layersOf, rememberFailures, statesOf } from "../../../src/activities/cluster/layers.ts";
import { Gitops } from "../../../src/plan/cluster-schema.ts";

/** What an Application says of itself, as a layer of a whole cluster. */

const plan = layersOf(Gitops.parse({ kind: "argocd", applications: ["base", "apps"], waitForData: ["apps"] }));
const healthy = { health: { status: "Healthy" }, sync: { status: "Synced" } };
const broken = { health: { status: "Missing" }, sync: { status: "OutOfSync" } };
const application = (status: object, { name = "base", more = {} }: { name?: string; more?: object } = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name, namespace: "argocd" },
  spec: { syncPolicy: { automated: { selfHeal: true } } },
  status: status as Record<string, unknown>,
  ...more,
});
const stateOf = (status: object) => statesOf(plan, [application(status)])[0]!;

test("healthy and synced is ready, whatever the last sync said", () => {
  const operationState = { phase: "Failed", message: "too early" };
  expect(stateOf({ ...healthy, operationState })).toMatchObject({ ready: true, failed: false });
});

test.each<[string, object, string]>([
  [
    "Git cannot be read",
    { conditions: [{ type: "ComparisonError", message: "apps: app path does not exist" }] },
    "ComparisonError: apps: app path does not exist",
  ],
  [
    "an object is refused while it is tried again",
    {
      operationState: {
        phase: "Running",
        finishedAt: "…",
        message: "one or more objects failed to apply. Retrying attempt #2 at 3:04PM.",
        syncResult: { resources: [{ kind: "Deployment", name: "web", status: "SyncFailed", message: "no" }] },
      },
    },
    "Deployment/web: no",
  ],
  [
    "it is tried again",
    { operationState: { phase: "Running", finishedAt: "…", message: "no kind. Retrying attempt #3 at 10:02AM." } },
    "no kind",
  ],
  ["it has given up", { operationState: { phase: "Failed", message: "no kind (retried 5 times)." } }, "no kind"],
  ["no sync is begun", { conditions: [{ type: "SyncError", message: "would wipe out all" }] }, "would wipe out all"],
])("%s: it has failed, and why", (_, status, found) => {
  expect(stateOf({ ...broken, ...status })).toMatchObject({ ready: false, failed: true, found });
});

test("what is on its way has not failed", () => {
  const operationState = { phase: "Running", message: "waiting for healthy state of apps/Deployment/web" };
  const found = "health is Missing, sync is OutOfSync";
  expect(stateOf({ ...broken, operationState })).toMatchObject({ ready: false, failed: false, found });
});

test("why it failed last stands there while it is tried again, and no longer than until it is synced", () => {
  const remembered = rememberFailures();
  const tell = (phase: string, more: object = {}) => {
    const status = { ...broken, health: { status: "Progressing" }, operationState: { phase, ...more } };
    return remembered([stateOf(status)])[0]!.found;
  };
  expect(tell("Failed", { message: "no kind" })).toBe("no kind");
  expect(tell("Running", { finishedAt: null, message: "Retrying operation. Attempt #1" })).toBe("no kind");
  expect(tell("Succeeded")).toBe("health is Progressing, sync is OutOfSync");
  expect(tell("Running")).toBe("health is Progressing, sync is OutOfSync");
});

test("without automated sync nobody would begin it in a new cluster", () => {
  const withPolicy = (syncPolicy: object) => reluctance({ ...application(healthy), spec: { syncPolicy } });
  expect(withPolicy({ automated: {} })).toEqual([]);
  const problem = "layer base has no automated sync: nobody would begin it in the new cluster";
  for (const policy of [{}, { automated: { enabled: false } }]) expect(withPolicy(policy)).toMatchObject([{ problem }]);
});

test("only what Argo CD had begun before it was held is told of", () => {
  const data = (status: object, more: object = {}) => [application(status, { name: "apps", more })];
  const told = "; Argo CD had begun to sync apps before it could be held back";
  expect(heldTooLate(plan, data({ ...broken, operationState: { phase: "Running" } }))).toBe(told);
  expect(heldTooLate(plan, data(broken, { operation: { sync: {} } }))).toBe(told);
  expect(heldTooLate(plan, data(broken))).toBe("");
  expect(heldTooLate(plan, [application({ ...healthy, operationState: { phase: "Succeeded" } })])).toBe("");
});
