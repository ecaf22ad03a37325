import { expect, test } from "vitest";
import { expired } from "../../../src/activities/pgdump/retain.ts";
import type { Manifest } from "../../../src/activities/pgdump/sets.ts";

const day = 86_400_000;
const now = Date.parse("2026-11-21T00:00:00Z");
const sets = [0, 1, 2, 3, 4].map(
  (age) => ({ id: `${age}`, takenAt: new Date(now - age * day).toISOString() }) as Manifest,
);
const gone = (rule: { count?: number; age?: number }, proven = "0", list = sets) =>
  expired(list, rule, proven, now).map(({ id }) => id);

test("no rule removes nothing", () => expect(gone({})).toEqual([]));
test("a count keeps the newest", () => expect(gone({ count: 2 })).toEqual(["2", "3", "4"]));
test("an age removes what is older", () => expect(gone({ age: 2.5 * day })).toEqual(["3", "4"]));
test("either rule is enough", () => expect(gone({ count: 4, age: 1.5 * day })).toEqual(["2", "3", "4"]));
test("the newest stays however old it is", () => expect(gone({ age: 1 }, "x", sets.slice(3))).toEqual(["4"]));
test("the one that was just proven stays", () => expect(gone({ count: 1 }, "3")).toEqual(["1", "2", "4"]));
