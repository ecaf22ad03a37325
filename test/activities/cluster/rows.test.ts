import { expect, test } from "vitest";
import { layersOf, rememberFailures, statesOf } from "../../../src/activities/cluster/layers.ts";
import { namesOfRows, rowsOf } from "../../../src/activities/cluster/rows.ts";
import { Gitops } from "../../../src/plan/cluster-schema.ts";

/** What a report says of a cluster itself, and of the layers that GitOps makes of it. */

const known = { identity: "old", server: "", nodes: ["a", "b"], layers: ["base", "apps"], takenAt: "", checks: [] };
const layers = layersOf(Gitops.parse({ kind: "flux", layers: ["base", "apps"] }));
const layer = (name: string, ready: string, spec: object = {}) => ({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name, namespace: "flux-system", generation: 1 },
  spec: spec as Record<string, unknown>,
  status: { observedGeneration: 1, conditions: [{ type: "Ready", status: ready, message: `says ${ready}` }] },
});
const whole = [layer("base", "True"), layer("apps", "True")];
const passed = (now: Parameters<typeof rowsOf>[1]) => rowsOf(known, now).map((row) => row.passed);

test("another cluster with as many nodes and every layer ready: all rows pass, under the names of the negative control", () => {
  const rows = rowsOf(known, { identity: "new", certificate: null, nodes: 2, layers: statesOf(layers, whole) });
  expect(rows.map(({ name }) => name)).toEqual(namesOfRows(known));
  expect(rows.map((row) => row.passed)).toEqual([true, true, true, true]);
});

test.each<[string, Parameters<typeof rowsOf>[1], boolean[]]>([
  [
    "the same cluster",
    { identity: "old", certificate: null, nodes: 2, layers: statesOf(layers, whole) },
    [false, true, true, true],
  ],
  ["no uid", { identity: "", certificate: null, nodes: 2, layers: statesOf(layers, whole) }, [false, true, true, true]],
  [
    "a node is missing",
    { identity: "new", certificate: null, nodes: 1, layers: statesOf(layers, whole) },
    [true, false, true, true],
  ],
  [
    "a layer is missing",
    { identity: "new", certificate: null, nodes: 2, layers: statesOf(layers, whole.slice(1)) },
    [true, true, false, true],
  ],
  [
    "a layer is not ready",
    { identity: "new", certificate: null, nodes: 3, layers: statesOf(layers, [whole[0]!, layer("apps", "False")]) },
    [true, true, true, false],
  ],
  [
    "a layer is suspended",
    {
      identity: "new",
      certificate: null,
      nodes: 2,
      layers: statesOf(layers, [whole[0]!, layer("apps", "True", { suspend: true })]),
    },
    [true, true, true, false],
  ],
])("%s: its row fails", (_what, now, rows) => {
  expect(passed(now)).toEqual(rows);
});

test.each<[string, string | null, boolean]>([
  ["another certificate", "CD:34", true],
  ["the one of before", "AB:12", false],
  ["none that is the cluster's own", null, false],
])("the API server shows %s", (_what, certificate, passes) => {
  const before = { ...known, certificate: "AB:12" };
  const rows = rowsOf(before, { identity: "new", certificate, nodes: 2, layers: statesOf(layers, whole) });
  expect(rows.map(({ name }) => name)).toEqual(namesOfRows(before));
  expect(rows.find(({ name }) => name === "Certificate")?.passed).toBe(passes);
});

test("a version that Flux cannot apply is not seen, as it says itself; why it cannot, is told", () => {
  const broken = layer("apps", "False");
  const unseen = { ...broken, metadata: { ...broken.metadata, generation: 2 } };
  expect(statesOf(layers, [whole[0]!, unseen])[1]).toMatchObject({ ready: false, found: "says False" });
});

test("while Flux tries again, why it failed last still stands there, so that nothing seems to move", () => {
  const remembered = rememberFailures();
  const [base] = whole;
  const tell = (ready: string, message: string) => {
    const apps = layer("apps", ready);
    const conditions = [{ type: "Ready", status: ready, message }];
    return remembered(statesOf(layers, [base!, { ...apps, status: { observedGeneration: 1, conditions } }]))[1]!.found;
  };
  expect(tell("Unknown", "Reconciliation in progress")).toBe("Ready is Unknown: Reconciliation in progress");
  expect(tell("False", "no matches for kind")).toBe("no matches for kind");
  expect(tell("Unknown", "Reconciliation in progress")).toBe("no matches for kind");
  expect(tell("True", "Applied revision")).toContain("Applied revision");
  expect(tell("Unknown", "Reconciliation in progress")).toBe("Ready is Unknown: Reconciliation in progress");
});
