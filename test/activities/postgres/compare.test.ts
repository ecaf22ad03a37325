import { describe, expect, test } from "vitest";
import {
  compareLargeObjects,
  compareLists,
  compareObjects,
  compareSequences,
  compareTables,
} from "../../../src/activities/postgres/compare.ts";
import type { Fingerprint, SequenceValue } from "../../../src/activities/postgres/fingerprint.ts";

const table = (name: string, rows: number, checksum = "1") => ({ name, rows, checksum });
const expected = [table("public.a", 2), table("public.b", 3)];

describe("tables", () => {
  test.each([
    ["equal", expected, "passed", true, /all equal/],
    ["a row is missing", [table("public.a", 1), expected[1]!], "failed", true, /public\.a has 1 row instead of 2/],
    [
      "a row has changed",
      [table("public.a", 2, "9"), expected[1]!],
      "failed",
      true,
      /public\.a has other content in its 2 rows/,
    ],
    ["a table is missing", [expected[0]!], "failed", true, /public\.b is missing/],
    ["a table was added", [...expected, table("public.c", 1)], "failed", true, /public\.c was not in the backup/],
    ["everything is missing", [], "failed", true, /public\.a is missing, public\.b is missing/],
  ] as const)("%s", (_, found, result, exact, words) => {
    expect(compareTables(expected, [...found])).toMatchObject({
      result,
      exact,
      found: expect.stringMatching(words) as string,
    });
  });

  test("a difference that is explained is not compared, and said", () => {
    const outcome = compareTables(expected, [table("public.a", 7), expected[1]!], (name) =>
      name === "public.a" ? "written since" : undefined,
    );
    expect(outcome).toMatchObject({
      result: "passed",
      exact: false,
      found: expect.stringContaining("not comparable, written after the backup: public.a") as string,
    });
  });

  test("nothing to compare proves nothing", () => {
    expect(compareTables([], []).result).toBe("unable");
    expect(compareTables(expected, [table("public.a", 7), table("public.b", 7)], () => "written since").result).toBe(
      "unable",
    );
  });
});

describe("objects", () => {
  const objects = { "table public.a": "1", "extension pg_trgm": "2" };
  const fingerprint = { serverVersion: 150_004, catalog: 1, objects } as unknown as Fingerprint;
  test.each([
    ["equal", objects, 150_009, "passed", true, /all equal/],
    ["missing extension", { "table public.a": "1" }, 150_004, "failed", true, /extension pg_trgm is missing/],
    [
      "other grants",
      { ...objects, "table public.a": "x" },
      150_004,
      "failed",
      true,
      /table public\.a is defined or granted differently/,
    ],
    ["one too many", { ...objects, "view v": "1" }, 150_004, "failed", true, /view v was not in the backup/],
    [
      "another major version compares names only",
      { ...objects, "table public.a": "x" },
      160_000,
      "passed",
      false,
      /all equal/,
    ],
  ] as const)("%s", (_, found, serverVersion, result, exact, words) => {
    expect(compareObjects(fingerprint, { objects: found, serverVersion, catalog: 1 })).toMatchObject({
      result,
      exact,
      found: expect.stringMatching(words) as string,
    });
  });
});

test("an object that was changed after the backup may be like neither before nor after, the others are", () => {
  const before = {
    objects: { "view seen": "1", "view fixed": "1" },
    serverVersion: 150_004,
    catalog: 1,
  } as unknown as Fingerprint;
  const changing = (object: string) => object === "view seen";
  const at = (seen: string, fixed: string) =>
    compareObjects(
      before,
      { objects: { "view seen": seen, "view fixed": fixed }, serverVersion: 150_004, catalog: 1 },
      changing,
    );
  expect(at("7", "1")).toMatchObject({
    result: "passed",
    exact: false,
    found: "all others equal; not comparable, changed after the backup and like neither before nor after: view seen",
  });
  expect(at("7", "2")).toMatchObject({ result: "failed", found: "view fixed is defined or granted differently" });
  expect(at("1", "1")).toMatchObject({ result: "passed", exact: true, found: "all equal" });
});

describe("sequences", () => {
  const at = (value: string | null, increment = "1", cycle = false): SequenceValue => ({
    name: "s",
    value,
    increment,
    cycle,
    unlogged: false,
  });
  test.each([
    ["the same", at("5"), at("5"), at("5"), 0, "passed"],
    ["moved while the backup was read", at("5"), at("9"), at("7"), 0, "passed"],
    ["set back", at("5"), at("9"), at("4"), 0, "failed"],
    ["ahead", at("5"), at("5"), at("6"), 0, "failed"],
    ["ahead within what crash recovery may skip", at("5"), at("5"), at("37"), 32, "passed"],
    ["ahead of what crash recovery may skip", at("5"), at("5"), at("38"), 32, "failed"],
    ["never used", at(null), at(null), at(null), 0, "passed"],
    ["used before, unused now", at("1"), at("1"), at(null), 0, "failed"],
    ["descending", at("-5", "-1"), at("-9", "-1"), at("-7", "-1"), 0, "passed"],
    ["descending, set back", at("-5", "-1"), at("-9", "-1"), at("-4", "-1"), 0, "failed"],
    ["beyond what a double holds", at("9007199254740993"), at("9007199254740993"), at("9007199254740992"), 0, "failed"],
  ] as const)("%s", (_, before, after, found, slack, result) => {
    expect(compareSequences({ before: [before], after: [after] }, [found], slack).result).toBe(result);
  });

  test("a sequence that is missing fails", () => {
    expect(compareSequences({ before: [at("5")], after: [at("5")] }, [], 0)).toMatchObject({
      result: "failed",
      found: "s is missing",
    });
  });
});

test("roles: missing, different, added", () => {
  const compare = (found: { name: string; login: boolean }[]) =>
    compareLists("role", [{ name: "r", login: true }], found, ({ name }) => name);
  expect(compare([{ name: "r", login: true }]).result).toBe("passed");
  expect(compare([])).toMatchObject({ result: "failed", found: "r is missing" });
  expect(compare([{ name: "r", login: false }])).toMatchObject({ result: "failed", found: "r differs" });
  expect(
    compare([
      { name: "r", login: true },
      { name: "x", login: true },
    ]).result,
  ).toBe("failed");
});

test("large objects: count and content, or only the count where the user may not read them", () => {
  expect(
    compareLargeObjects({ count: 1, checksum: "1", owners: "1" }, { count: 1, checksum: "1", owners: "1" }),
  ).toMatchObject({
    result: "passed",
    exact: true,
  });
  expect(
    compareLargeObjects({ count: 1, checksum: "1", owners: "1" }, { count: 1, checksum: "2", owners: "1" }),
  ).toMatchObject({
    result: "failed",
    found: "other content",
  });
  expect(
    compareLargeObjects({ count: 1, checksum: null, owners: "1" }, { count: 1, checksum: "2", owners: "1" }),
  ).toMatchObject({
    result: "passed",
    exact: false,
  });
  expect(
    compareLargeObjects({ count: 1, checksum: "1", owners: "1" }, { count: 0, checksum: "0", owners: "1" }),
  ).toMatchObject({
    result: "failed",
    found: "0 large objects",
  });
});
