import { expect, test } from "vitest";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { changes, changeWords, trendRows } from "../../src/report/trend.ts";
import { drillsLike } from "../../src/workflows/before.ts";
import { passed } from "../support/records/passed.ts";

test("each is compared with the median of up to five before it", () => {
  expect(changes([10, 12, 11, 22])).toEqual([null, expect.closeTo(0.2), 0, 1]);
  expect(changes([1, 100, 100, 100, 100, 100, 50]).at(-1)).toBe(-0.5);
});

test("what was not measured is compared with nothing, and compares nothing", () => {
  expect(changes([null, 10, null, 5])).toEqual([null, null, null, -0.5]);
  expect(changes([0, 5])).toEqual([null, null]);
  expect(changes([])).toEqual([]);
});

test("in words", () => {
  const words = (of: "rto" | "rpo") => [0.123, -0.5, 0.001, null].map((change) => changeWords(change, of));
  expect(words("rto")).toEqual(["12 % slower", "50 % faster", "as before", ""]);
  expect(words("rpo")).toEqual(["12 % more", "50 % less", "as before", ""]);
});

const past = (workflowId: string, rtoSeconds: number | null, components = ["shop"]) => ({
  workflowId,
  startedAt: "2026-11-01T00:00:00.000Z",
  verdict: "PASS" as const,
  rtoSeconds,
  rpoSeconds: 1,
  components,
});

test("a report shows its own drill last, each against those before it", () => {
  const rto = { ...passed.rto, seconds: 30 };
  const before = drillsLike([past("a", 20), past("b", 10)], [{ name: "shop" } as never]);
  const rows = trendRows({ ...passed, before, rto, rpo: { objectiveSeconds: null, seconds: null } });
  expect(rows.map((row) => [row.workflowId, row.rto, row.rpo])).toEqual([
    ["a", "20s", "1s"],
    ["b", "10s, 50 % faster", "1s, as before"],
    [passed.run.workflowId, "30s, 100 % slower", "–"],
  ]);
  expect(renderMarkdown({ ...passed, before, rto })).toMatch(/## Drills so far[^#]*\*\*this run\*\*[^\n]*100 % slower/);
});

test("the first drill is compared with nothing, and its report says nothing of it", () => {
  expect(trendRows({ ...passed, before: [] })).toEqual([]);
  expect(renderMarkdown({ ...passed, before: [] })).not.toContain("Drills so far");
});

test("drills of other components are passed over, and of many the newest are taken", () => {
  const both = [{ name: "shop" }, { name: "ledger" }] as never;
  const drills = [past("one", 1), past("two", 1, ["ledger", "shop"])];
  expect(drillsLike(drills, both).map(({ workflowId }) => workflowId)).toEqual(["two"]);
  const many = Array.from({ length: 12 }, (_, n) => past(`${n}`, n));
  expect(drillsLike(many, [{ name: "shop" } as never]).map(({ workflowId }) => workflowId)).toEqual([
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
  ]);
});
