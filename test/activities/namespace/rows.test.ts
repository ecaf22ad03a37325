import { expect, test } from "vitest";
import type { Entry } from "../../../src/activities/namespace/memory.ts";
import { type Found, rowNames, rowsOf } from "../../../src/activities/namespace/rows.ts";

/** One row for an object, or for a kind of which there are many. */

const lostAt = "2026-01-01T00:00:00.000Z";
const entry = (id: string, troubleBefore: string | null = null): Entry => ({
  apiVersion: "v1",
  kind: id.split("/")[0]!,
  name: id.split("/")[1]!,
  id,
  uid: id,
  origin: { from: "gitops", by: "", generated: false },
  troubleBefore,
  scaled: false,
  digest: {},
});
const good: Found = {
  existsAt: "2026-01-01T00:00:02.000Z",
  readyAt: "2026-01-01T00:00:05.000Z",
  trouble: null,
  differs: [],
};
const rows = (entries: Entry[], found: Record<string, Partial<Found>> = {}) =>
  rowsOf(entries, ({ id }) => ({ ...good, ...found[id] }), lostAt);

test.each([
  ["is back", {}, true, "there after 2s, ready after 5s"],
  ["is missing", { existsAt: null, readyAt: null }, false, "missing"],
  ["is not ready", { readyAt: null, trouble: "0 of 1 replicas" }, false, "there after 2s, not ready: 0 of 1 replicas"],
  [
    "is another",
    { differs: ["data.a", "spec.b"] },
    false,
    "there after 2s, ready after 5s, but not as before: data.a, spec.b",
  ],
  [
    "differs much",
    { differs: ["1", "2", "3", "4", "5", "6", "7"] },
    false,
    "there after 2s, ready after 5s, but not as before: 1, 2, 3, 4, 5 and 2 more",
  ],
])("an object that %s", (_, found, passed, said) => {
  expect(rows([entry("Deployment/shop")], { "Deployment/shop": found })).toMatchObject([
    { name: "Deployment/shop", passed, proven: true, found: said },
  ]);
});

test("what was not ready before proves nothing, whatever it is now", () => {
  expect(rows([entry("Deployment/shop", "0 of 1 replicas")])).toMatchObject([
    { passed: false, proven: false, expected: "ready; before it was not: 0 of 1 replicas" },
  ]);
});

test("of many of one kind the good ones share a row, and each bad one has its own", () => {
  const many = Array.from({ length: 12 }, (_, n) => entry(`ConfigMap/c${n}`));
  expect(rows(many)).toMatchObject([
    { name: "ConfigMap", title: "12 × ConfigMap", passed: true, recovery: { existsSeconds: 2, readySeconds: 5 } },
  ]);
  expect(rows(many, { "ConfigMap/c3": { existsAt: null, readyAt: null } })).toMatchObject([
    { name: "ConfigMap", passed: false, found: "11 of 12 are as before" },
    { name: "ConfigMap/c3", passed: false, found: "missing" },
  ]);
  const none = Object.fromEntries(many.map(({ id }) => [id, { existsAt: null, readyAt: null }]));
  expect(rows(many, none)).toHaveLength(11);
});

test("the negative control knows the rows before anybody knows how it ended", () => {
  const entries = [...Array.from({ length: 6 }, (_, n) => entry(`ConfigMap/c${n}`)), entry("Deployment/shop")];
  expect(rowNames(entries)).toEqual(rows(entries).map(({ name }) => name));
});

test("of many of one kind those that were not ready before prove nothing, and do not spoil the others", () => {
  const many = Array.from({ length: 8 }, (_, n) => entry(`Ingress/i${n}`, n === 3 ? "without an address" : null));
  expect(rows(many)).toMatchObject([
    { name: "Ingress", title: "7 × Ingress", passed: true, proven: true },
    { name: "Ingress/i3", passed: false, proven: false },
  ]);
  expect(rowNames(many)).toEqual(["Ingress", "Ingress/i3"]);
});
