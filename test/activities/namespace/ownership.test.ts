import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/activities/kubernetes/object.ts";
import { changedByHand, differences, digestOf } from "../../../src/activities/namespace/digest.ts";
import type { Fields } from "../../../src/activities/namespace/ownership.ts";
import { runs, timeout } from "../../fuzz/runs.ts";

/** What GitOps has written must be equal afterwards; what others have written over it is theirs. */

const view = { generated: false, scaled: false, held: true };
const git = "kustomize-controller";
const robot = "autoscaler";
const person = "kubectl-edit";

type Owned = Record<string, Fields>;
interface Options {
  kind?: string;
  version?: string;
  subresource?: string;
}

function object(spec: object, owned: Owned, { kind = "Thing", version = "example.org/v1", subresource }: Options = {}) {
  const managedFields = Object.entries(owned).map(([manager, fieldsV1]) => {
    return { manager, operation: "Update", apiVersion: version, fieldsV1, ...(subresource && { subresource }) };
  });
  const it = { apiVersion: "example.org/v1", kind, metadata: { name: "one", managedFields }, ...spec };
  return it as KubernetesObject;
}
const changed = (before: KubernetesObject, after: KubernetesObject) =>
  differences(digestOf(before, "salt", view), digestOf(after, "salt", view));

const ofSpec = (fields: Fields): Fields => ({ "f:spec": fields });

test("a controller's replicas, annotations and defaults do not count; Git's image does", () => {
  const fields = { [git]: ofSpec({ "f:image": {} }), [robot]: ofSpec({ "f:replicas": {} }) };
  const of = (image: string, replicas: number) => object({ spec: { image, replicas, default: replicas } }, fields);
  expect(changed(of("a", 3), of("a", 1))).toEqual([]);
  expect(changed(of("a", 3), of("b", 1))).toEqual(["spec.image"]);
});

test("what only Git has now, or has no more, is a difference", () => {
  const one = object({ spec: { a: 1 } }, { [git]: ofSpec({ "f:a": {} }) });
  const both = object({ spec: { a: 1, b: 1 } }, { [git]: ofSpec({ "f:a": {}, "f:b": {} }) });
  expect(changed(one, both)).toEqual(["spec.b"]);
  expect(changed(both, one)).toEqual(["spec.b"]);
});

test("a value that Git has set stays its own, whoever has it afterwards", () => {
  const before = object({ spec: { a: 1, b: 1 } }, { [git]: ofSpec({ "f:a": {}, "f:b": {} }) });
  const after = (a: number) => object({ spec: { a, b: 1 } }, { [git]: ofSpec({ "f:b": {} }), [robot]: ofSpec({}) });
  expect(changed(before, after(1))).toEqual([]);
  expect(changed(before, after(2))).toEqual(["spec.a"]);
});

test("a container that somebody else puts before Git's own moves nothing", () => {
  const shop = (image: string) => ({ name: "shop", image, ports: [{ containerPort: 80, protocol: "TCP" }] });
  const port = { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } };
  const fields = ofSpec({
    "f:containers": { 'k:{"name":"shop"}': { ".": {}, "f:name": {}, "f:image": {}, "f:ports": port } },
  });
  const of = (...containers: object[]) => object({ spec: { containers } }, { [git]: fields });
  expect(changed(of(shop("a")), of({ name: "sidecar", image: "x" }, shop("a")))).toEqual([]);
  expect(changed(of({ name: "sidecar", image: "x" }, shop("a")), of(shop("b")))).toEqual([
    "spec.containers.shop.image",
  ]);
});

test("a list or map that Git has as a whole counts as a whole", () => {
  const of = (args: string[], rules: object) =>
    object({ spec: { args, rules } }, { [git]: ofSpec({ "f:args": {}, "f:rules": {} }) });
  expect(changed(of(["a"], { x: 1 }), of(["a", "b"], { x: 1, y: 2 }))).toEqual(["spec.args.1", "spec.rules.y"]);
});

test("a Secret's stringData is its data", () => {
  const of = (value: string, rest: string) =>
    object({ data: { a: value, b: rest } }, { [git]: { "f:stringData": { "f:a": {} } } }, { kind: "Secret" });
  expect(changed(of("1", "1"), of("2", "2"))).toEqual(["data.a"]);
});

test.each([
  ["nobody says what is Git's", object({ spec: { a: 1 } }, {}), object({ spec: { a: 2 } }, {})],
  [
    "Git has written it in another version of the API",
    object({ spec: { a: 1 } }, { [git]: ofSpec({ "f:b": {} }) }, { version: "example.org/v1beta1" }),
    object({ spec: { a: 2 } }, { [git]: ofSpec({ "f:b": {} }) }, { version: "example.org/v1beta1" }),
  ],
])("where %s, everything counts", (_, before, after) => {
  expect(changed(before, after)).toEqual(["spec.a"]);
});

test("a person is told from a controller, and from kubectl that applies what is in Git", () => {
  const by = (manager: string, options?: Options) => {
    const it = object({ spec: { a: 1, b: 1 } }, { [manager]: ofSpec({ "f:a": {} }) }, options);
    it.metadata.managedFields!.push({
      manager: git,
      operation: "Apply",
      apiVersion: "example.org/v1",
      fieldsV1: ofSpec({ "f:b": {} }),
    });
    return changedByHand(it, view);
  };
  for (const manager of ["kubectl", "kubectl-edit", "kubectl-annotate", "k9s", "Mozilla"])
    expect(by(manager)).toEqual({ "spec.a": manager });
  for (const manager of ["kubectl-client-side-apply", "argocd-controller", "autoscaler", "kube-controller-manager"])
    expect(by(manager)).toEqual({});
  expect(by("kubectl", { subresource: "scale" })).toEqual({ "spec.a": "kubectl" });
  expect(by("kubectl", { subresource: "status" })).toEqual({});
  expect(changedByHand(object({ spec: { a: 1 } }, { kubectl: ofSpec({ "f:a": {} }) }), view)).toEqual({});
});

// Any object: what is at each place, and who has written it.
interface Leaf {
  value: number;
  by: string[];
}
interface Tree {
  [key: string]: Leaf | Tree | Item[];
}
interface Item {
  name: string;
  of: Tree;
}

const keys = fc.constantFrom("a", "b", "c", "d.e/f");
const leaf = fc.record<Leaf>({ value: fc.nat(3), by: fc.subarray([git, robot, person]) });
const treeOf = (inner: fc.Arbitrary<Leaf | Tree | Item[]>): fc.Arbitrary<Tree> =>
  fc.dictionary(keys, inner, { minKeys: 1, maxKeys: 3 });
const level = (of: fc.Arbitrary<Tree>) => {
  const items = fc.uniqueArray(fc.record<Item>({ name: keys, of }), {
    selector: ({ name }) => name,
    minLength: 1,
    maxLength: 2,
  });
  return treeOf(fc.oneof(leaf, of, items));
};
const tree = level(level(treeOf(leaf)));

const isLeaf = (node: Leaf | Tree): node is Leaf => Array.isArray(node["by"]);

function valueOf(node: Leaf | Tree | Item[], valueAt: (leaf: Leaf) => number, turn: boolean): unknown {
  if (Array.isArray(node)) {
    const items = node.map(({ name, of }) => ({ ...(valueOf(of, valueAt, turn) as object), name }));
    return turn ? items.toReversed() : items;
  }
  if (isLeaf(node)) return valueAt(node);
  return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, valueOf(inner, valueAt, turn)]));
}

/** As the API server writes it. Who has nothing of an item has nothing of its name either, but for GitOps. */
function fieldsOf(node: Leaf | Tree | Item[], manager: string): Fields | undefined {
  if (Array.isArray(node)) {
    const items = node.map(({ name, of }) => {
      const named = manager === git ? { "f:name": {} } : {};
      return [`k:${JSON.stringify({ name })}`, { ".": {}, ...named, ...fieldsOf(of, manager) }];
    });
    return Object.fromEntries(items) as Fields;
  }
  if (isLeaf(node)) return node.by.includes(manager) ? {} : undefined;
  const inner = Object.entries(node).flatMap(([key, one]) => {
    const fields = fieldsOf(one, manager);
    return fields === undefined ? [] : [[`f:${key}`, fields]];
  });
  return { ".": {}, ...(Object.fromEntries(inner) as Fields) };
}

function build(node: Tree, { turn = false, valueAt = (leaf: Leaf) => leaf.value } = {}): KubernetesObject {
  const owned = Object.fromEntries([git, robot, person].map((manager) => [manager, ofSpec(fieldsOf(node, manager)!)]));
  return object({ spec: valueOf(node, valueAt, turn) as object }, owned);
}

function leaves(node: Leaf | Tree | Item[], path = "spec"): { path: string; leaf: Leaf }[] {
  if (Array.isArray(node)) return node.flatMap(({ name, of }) => leaves(of, `${path}.${name}`));
  if (isLeaf(node)) return [{ path, leaf: node }];
  return Object.entries(node).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const isGits = ({ by }: Leaf) => by.includes(git);

test("whatever others write, and in whatever order lists come back, is no difference", { timeout }, () => {
  fc.assert(
    fc.property(tree, (one) => {
      const after = build(one, { turn: true, valueAt: (leaf) => (isGits(leaf) ? leaf.value : leaf.value + 10) });
      expect(changed(build(one), after)).toEqual([]);
    }),
    runs(200),
  );
});

test("of all that Git has written each value that is another one is found, and only that", { timeout }, () => {
  fc.assert(
    fc.property(tree, fc.nat(), (one, at) => {
      const gits = leaves(one).filter(({ leaf }) => isGits(leaf));
      fc.pre(gits.length > 0);
      const { path, leaf } = gits[at % gits.length]!;
      const after = build(one, { turn: true, valueAt: (now) => (now === leaf ? now.value + 10 : now.value) });
      expect(changed(build(one), after)).toEqual([path]);
    }),
    runs(200),
  );
});

test("by hand is what a person has written and Git has not", { timeout }, () => {
  fc.assert(
    fc.property(tree, (one) => {
      const manual = leaves(one).filter(({ leaf }) => !isGits(leaf) && leaf.by.includes(person));
      const found = changedByHand(build(one), view);
      expect(Object.keys(found).toSorted()).toEqual(manual.map(({ path }) => path).toSorted());
    }),
    runs(200),
  );
});
