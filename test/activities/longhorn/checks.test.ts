import fc from "fast-check";
import { expect, test } from "vitest";
import { compareContent, compareVolume, expectedOf, unchangedSince } from "../../../src/activities/longhorn/checks.ts";
import type { Thing, Tree } from "../../../src/activities/longhorn/content.ts";

const file = (content: string, changedAt = 100): Thing => ({ about: "81a4 0 0 3", content, changedAt });
const sentinel = { path: "./.firedrill-1", sha256: "ab", bytes: 1 };
const before: Tree = {
  ".": { about: "41ed 0 0", content: null, changedAt: 1 },
  "./a": file("1"),
  "./b": file("2"),
  "./.firedrill-1": file("ab"),
};
const expected = expectedOf(before, { ...before, "./b": file("3"), "./c": file("4") }, sentinel);
const judged = (found: Tree | null) =>
  Object.fromEntries(
    compareContent(expected, found).map(({ name, passed, proven, found: words }) => [name, { passed, proven, words }]),
  );

test("what was the same before and after the snapshot must be so again; what was being written may be anything", () => {
  expect(judged(before)).toEqual({
    sentinel: { passed: true, proven: true, words: "sha256 ab" },
    files: { passed: true, proven: true, words: "all 3 as they were; 2 were being written at that time" },
  });
  for (const moved of [{ "./b": file("3"), "./c": file("4") }, { "./b": file("77") }])
    expect(judged({ ...before, ...(moved as Tree) })["files"]).toMatchObject({ passed: true });
});

test.each<[string, Tree, string]>([
  ["a file is missing", { ".": before["."]!, "./.firedrill-1": file("ab") }, "1 missing: ./a"],
  ["a byte is another", { ...before, "./a": file("9") }, "1 altered: ./a"],
  ["a mode is another", { ...before, "./a": { ...file("1"), about: "8180 0 0 3" } }, "1 altered: ./a"],
  ["a file is new", { ...before, "./new": file("5") }, "1 that were not there: ./new"],
  ["it is empty", {}, "3 missing: ., ./a, ./.firedrill-1"],
])("%s: it is named", (_, found, words) => {
  expect(judged(found)["files"]).toEqual({ passed: false, proven: true, words });
});

test("a sentinel that is another, missing or not to be read fails", () => {
  expect(judged({ ...before, "./.firedrill-1": file("cd") })["sentinel"]).toMatchObject({ words: "sha256 cd" });
  expect(judged({})["sentinel"]).toEqual({ passed: false, proven: true, words: "no sentinel" });
  expect(judged({ "./.firedrill-1": file("") })["sentinel"]).toMatchObject({ words: "the sentinel cannot be read" });
  expect(judged(null)["sentinel"]).toMatchObject({ passed: false, words: "there is no such volume" });
});

test("files that could not be read, and none at all, prove nothing", () => {
  const unread = compareContent(expectedOf({ "./a": file("") }, { "./a": file("") }, null), { "./a": file("") });
  expect(unread).toMatchObject([{ name: "files", proven: false, passed: false }]);
  expect(compareContent(expectedOf({}, {}, null), {})).toMatchObject([{ proven: false, passed: false }]);
});

test("of an older backup only what has not changed since counts", () => {
  const at = new Date(1_000_000).toISOString();
  const { stable, moving } = unchangedSince({ "./old": file("1", 900), "./new": file("2", 950) }, at);
  expect([Object.keys(stable), moving]).toEqual([["./old"], null]);
});

test("any single change of a stable thing is seen", () => {
  const trees = fc.dictionary(
    fc.stringMatching(/^\.\/[a-z]{1,3}$/),
    fc.record({
      about: fc.constantFrom("81a4 0 0 1", "8180 0 0 1"),
      content: fc.stringMatching(/^[0-9a-f]{1,4}$/),
      changedAt: fc.nat(),
    }),
    { minKeys: 1 },
  );
  fc.assert(
    fc.property(trees, fc.nat(), fc.constantFrom("content", "about", "gone", "extra"), (tree, n, how) => {
      const of = expectedOf(tree, tree, null);
      expect(compareContent(of, tree)[0]).toMatchObject({ passed: true, proven: true });
      const path = Object.keys(tree)[n % Object.keys(tree).length]!;
      const { [path]: was, ...rest } = tree;
      const harmed: Tree =
        how === "gone"
          ? rest
          : how === "extra"
            ? { ...tree, "./longer-than-any": was! }
            : { ...tree, [path]: { ...was!, [how]: `${was![how]}x` } };
      expect(compareContent(of, harmed)[0]).toMatchObject({ passed: false, proven: true });
    }),
  );
});

test("a volume keeps its size and how it is kept", () => {
  const volume = (spec: object) => ({
    apiVersion: "longhorn.io/v1beta2",
    kind: "Volume",
    metadata: { name: "v" },
    spec: { size: "10", numberOfReplicas: 3, accessMode: "rwx", encrypted: true, ...spec },
  });
  expect(compareVolume(volume({}), volume({ fromBackup: "x" }))).toMatchObject({ passed: true, found: "as they were" });
  const less = volume({ numberOfReplicas: 1, encrypted: undefined });
  expect(compareVolume(volume({}), less)).toMatchObject({
    passed: false,
    found: "numberOfReplicas 1, encrypted is not set",
  });
  expect(compareVolume(volume({}), undefined)).toMatchObject({ passed: false, found: "there is no such volume" });
});
