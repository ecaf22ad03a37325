import { expect, test } from "vitest";
import type { RunRecord } from "../../src/report/record.ts";
import { checkTrail, linesToAdd, trailOf } from "../../src/report/trail.ts";
import { passed } from "../support/records/passed.ts";
import { failed } from "../support/records/unproven.ts";

/** The audit trail of a run, as it grows and as somebody may change it. */

const record = failed;
const whole = linesToAdd(record, "");
const lines = whole.split("\n").slice(0, -1);
const paths = (text: string, of: RunRecord = record) => checkTrail(text, of).map(({ path }) => path);
const joined = (all: string[]) => all.map((line) => `${line}\n`).join("");

test("it says who started the run, what was decided and how it was judged, in the order of time", () => {
  const what = trailOf(record).map((entry) => entry.what);
  expect(what[0]).toBe("started");
  expect(what.at(-1)).toBe("judged");
  const [start] = trailOf(record);
  expect(start).toMatchObject({ who: record.run.by, planSha256: record.plan.sha256 });
  expect(start!.text).toContain(record.run.reason);
  const decisions = trailOf(record).filter((entry) => entry.what === "decision");
  expect(decisions.map(({ who, text }) => `${who} ${text.split(":")[0]}`)).toEqual(
    record.steps.flatMap((step) => step.decisions.map(({ by, action }) => `${by} ${action}`)),
  );
  expect(decisions).not.toEqual([]);
});

test("what was written is not written again, and a whole trail agrees with its record", () => {
  expect(linesToAdd(record, whole)).toBe("");
  expect(paths(whole)).toEqual([]);
  expect(paths(linesToAdd(passed, ""), passed)).toEqual([]);
});

test("it grows line by line, whatever of the record was there before", () => {
  const young: RunRecord = { ...record, verdict: null, steps: record.steps.slice(0, 2) };
  const first = linesToAdd(young, "");
  const rest = linesToAdd(record, first);
  expect(first).not.toBe("");
  expect(paths(first + rest)).toEqual([]);
});

test.each<[what: string, edit: (all: string[]) => string[]]>([
  ["a name was changed", (all) => [all[0]!.replace(record.run.by, "mallory"), ...all.slice(1)]],
  ["a line was taken away", (all) => all.toSpliced(1, 1)],
  ["the first line was taken away", (all) => all.slice(1)],
  ["the last line was taken away", (all) => all.slice(0, -1)],
  ["two lines changed places", ([first, second, ...rest]) => [second!, first!, ...rest]],
  ["a line was put in", (all) => all.toSpliced(1, 0, all[1]!.replace(/"what":"[a-z]+"/, '"what":"approval"'))],
  ["a line is no JSON", (all) => all.with(1, "rubbish")],
  ["nothing is left", () => []],
])("%s: it is told", (_what, edit) => {
  expect(paths(joined(edit(lines)))).not.toEqual([]);
});

test("a record that was edited differs from the trail, however well it agrees with itself", () => {
  const edited = { ...record, run: { ...record.run, by: "mallory" } };
  expect(paths(whole, edited)).not.toEqual([]);
});
