import { expect, test } from "vitest";
import { digestOf, treeDifferences, treeWords, wantedOf } from "../../../src/activities/workload/compare.ts";

const before = { a: "1", "b/c": "2", "log/today": "3" };

test("what was the same twice must be the same again; new files do not matter", () => {
  const wanted = wantedOf(before, before, []);
  expect(treeDifferences(wanted, { ...before, fresh: "9" })).toBe("");
  expect(treeDifferences(wanted, { a: "1", "log/today": "4" })).toBe("missing: b/c; other content: log/today");
  expect(treeDifferences(wanted, {})).toBe("missing: a, b/c, log/today");
});

test("what was written, made or removed between two looks is counted, and not compared", () => {
  const wanted = wantedOf(before, { a: "1", "b/c": "2", "log/today": "4", made: "5" }, []);
  expect(wanted.moving).toBe(2);
  expect(treeDifferences(wanted, { a: "1", "b/c": "2" })).toBe("");
  expect(treeWords(wanted)).toMatch(/^2 files, sha256 [0-9a-f]{16}…; not compared: 2 that were written meanwhile$/);
});

test("what the plan leaves out is not looked at, and nothing else", () => {
  const wanted = wantedOf(before, before, ["log/*"]);
  expect(Object.keys(wanted.files)).toEqual(["a", "b/c"]);
  expect(wanted.moving).toBe(0);
});

test("of many files the first few are named", () => {
  const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`f${n}`, "1"]));
  expect(treeDifferences(wantedOf(many, many, []), {})).toBe("missing: f0, f1, f2, f3, f4 and 3 more");
});

test("a tree has one digest whatever the order in which it was read, and another one for other names or content", () => {
  expect(digestOf({ a: "1", b: "2" })).toBe(digestOf({ b: "2", a: "1" }));
  expect(digestOf({ a: "1", b: "2" })).not.toBe(digestOf({ a: "2", b: "1" }));
  expect(digestOf({ a: "1" })).not.toBe(digestOf({ b: "1" }));
});
