import { describe, expect, test } from "vitest";
import { fluxHolders, problemsOf, sourceOf } from "../../../src/activities/flux/holds.ts";
import { layersOf } from "../../../src/activities/flux/layers.ts";
import { gitopsOf } from "../../../src/activities/namespace/gitops.ts";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";

/** What Flux holds, and what would keep it from bringing that back. */

const ready = (status = "True", message = "") => ({ type: "Ready", status, message });
const kustomization = (
  name: string,
  ids: string[],
  { spec = {}, status = {}, metadata = {} } = {},
): KubernetesObject => ({
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name, namespace: "flux-system", ...metadata },
  spec: { sourceRef: { kind: "GitRepository", name: "apps" }, ...spec },
  status: { inventory: { entries: ids.map((id) => ({ id, v: "v1" })) }, conditions: [ready()], ...status },
});
const source = (condition = ready()): KubernetesObject => ({
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "GitRepository",
  metadata: { name: "apps", namespace: "flux-system" },
  status: { conditions: [condition] },
});
const whole = ["_shop__Namespace", "shop_settings__ConfigMap", "shop_web_apps_Deployment"];

test("an inventory's entries are taken apart, whatever is in a name", () => {
  const ids = [
    ...whole,
    "shop_system__node__reader_rbac.authorization.k8s.io_Role",
    "other_web_apps_Deployment",
    "_shop_x.y_Thing",
  ];
  expect(fluxHolders("shop", [], [kustomization("apps", ids)])).toMatchObject([
    {
      name: "Kustomization flux-system/apps",
      holds: ["Namespace/shop", "ConfigMap/settings", "Deployment/web", "Role/system:node:reader"],
    },
  ]);
});

const release = (mode: string | undefined, metadata: object = {}): KubernetesObject => ({
  apiVersion: "helm.toolkit.fluxcd.io/v2",
  kind: "HelmRelease",
  metadata: { name: "chart", namespace: "flux-system", ...metadata },
  spec: mode === undefined ? {} : { driftDetection: { mode } },
  status: { conditions: [ready()] },
});

const sourceRef = { kind: "GitRepository", name: "apps" };

test("of a chart in a registry the chart says whether it can be fetched, and not the repository", () => {
  const repository = { ...source(), kind: "HelmRepository", spec: { type: "oci" }, status: {} };
  const chart = { ...source(), kind: "HelmChart", metadata: { name: "flux-system-chart", namespace: "flux-system" } };
  const ofIt = {
    ...release("enabled"),
    spec: { chart: { spec: { sourceRef: { kind: "HelmRepository", name: "apps" } } } },
    status: { helmChart: "flux-system/flux-system-chart" },
  };
  expect(sourceOf(ofIt, [repository, chart])).toBe(chart);
  expect(sourceOf(ofIt, [repository])).toBeUndefined();
});

describe("problems", () => {
  const of = (object: KubernetesObject, gitops: KubernetesObject[] = [source()]) =>
    problemsOf({ object, name: "it", holds: ["a"] }, "shop", gitops).map(({ problem }) => problem);

  test.each([
    ["none", kustomization("apps", whole), [source()], []],
    [
      "suspended",
      kustomization("apps", whole, { spec: { suspend: true } }),
      [],
      ["it, which makes 1 object of it, is suspended"],
    ],
    [
      "not ready",
      kustomization("apps", whole, { status: { conditions: [ready("False", "build failed")] } }),
      [source()],
      ["it is not ready: build failed"],
    ],
    [
      "says nothing",
      kustomization("apps", whole, { status: { conditions: [] } }),
      [source()],
      ["it is not ready: it says nothing"],
    ],
    [
      "its source is not ready",
      kustomization("apps", whole),
      [source(ready("False", "authentication required"))],
      ["GitRepository flux-system/apps, from which it works, is not ready: authentication required"],
    ],
    [
      "a release without drift detection",
      release(undefined),
      [],
      ["it does not make deleted objects again, as its drift detection is not enabled"],
    ],
    [
      "a release that only warns",
      release("warn"),
      [],
      ["it does not make deleted objects again, as its drift detection is not enabled"],
    ],
    ["a release with drift detection", release("enabled"), [], []],
    [
      "a source that is suspended",
      kustomization("apps", whole),
      [{ ...source(), spec: { suspend: true } }],
      ["GitRepository flux-system/apps, from which it works, is suspended"],
    ],
    ...[{ chartRef: sourceRef }, { chart: { spec: { sourceRef } } }].map(
      (spec): [string, KubernetesObject, KubernetesObject[], string[]] => [
        `a release whose source is not ready (${Object.keys(spec)[0]})`,
        { ...release("enabled"), spec: { ...release("enabled").spec, ...spec } },
        [source(ready("False", "no route"))],
        ["GitRepository flux-system/apps, from which it works, is not ready: no route"],
      ],
    ),
    ["one that goes with the namespace", release(undefined, { namespace: "shop" }), [], []],
  ])("%s", (_, object, gitops, problems) => expect(of(object, gitops)).toEqual(problems));
});

describe("who makes the namespace itself", () => {
  const problems = (gitops: KubernetesObject[], objects: KubernetesObject[] = []) =>
    gitopsOf("shop", { objects, gitops: [...gitops, source()] }).problems.map(({ problem }) => problem);

  test("a Kustomization that holds it", () => expect(problems([kustomization("apps", whole)])).toEqual([]));
  test("nobody: it holds only what is in it", () =>
    expect(problems([kustomization("apps", whole.slice(1))])).toMatchObject([
      expect.stringContaining("nothing makes the Namespace itself"),
    ]));
  test("nobody at all", () => expect(problems([])).toEqual(["neither Flux nor Argo CD holds anything of it"]));
  test("an Application that makes it with its first object", () => {
    const application = (syncOptions: string[]): KubernetesObject => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "shop", namespace: "argocd" },
      spec: { destination: { namespace: "shop" }, syncPolicy: { syncOptions } },
      status: { sync: { status: "Synced" }, resources: [{ kind: "Deployment", name: "web", namespace: "shop" }] },
    });
    expect(problems([application(["CreateNamespace=true"])])).toEqual([]);
    expect(problems([application([])])).toHaveLength(1);
  });
  test("an object that Flux is told to leave alone", () => {
    const left: KubernetesObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "settings",
        labels: { "kustomize.toolkit.fluxcd.io/name": "apps" },
        annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" },
      },
    };
    expect(problems([kustomization("apps", whole)], [left])).toEqual([
      "Flux is told to leave ConfigMap/settings alone (kustomize.toolkit.fluxcd.io/reconcile: disabled)",
    ]);
  });
});

test("layers are in the order of dependsOn, with what is between; a circle does not hang", () => {
  const dependent = (name: string, ...on: string[]) =>
    kustomization(name, [], { spec: { dependsOn: on.map((one) => ({ name: one })) } });
  const [c, b, a, alone] = [dependent("c", "b"), dependent("b", "a"), dependent("a"), dependent("alone")];
  const names = (layers: KubernetesObject[][]) =>
    layers.map((layer) => layer.map(({ metadata }) => metadata.name).toSorted());
  expect(names(layersOf([c, alone], [c, b, a, alone]))).toEqual([["a", "alone"], ["b"], ["c"]]);
  const [x, y] = [dependent("x", "y"), dependent("y", "x")];
  expect(
    names(layersOf([x], [x, y]))
      .flat()
      .toSorted(),
  ).toEqual(["x", "y"]);
});
