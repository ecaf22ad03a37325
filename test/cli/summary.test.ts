import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { summaryLines } from "../../src/cli/view/summary.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { visible } from "../../src/report/safe-text.ts";
import { samples } from "../support/records.ts";

const summary = (record: RunRecord) => stripVTControlCharacters(summaryLines(record).join("\n"));

test.each(["passed", "failed", "inconclusive"] as const)("a run that %s shows verdict, table and reports", (name) => {
  const record = samples[name];
  const text = summary(record);
  expect(text).toContain(`${record.verdict}  ${record.summary}`);
  for (const component of record.components)
    expect(text).toMatch(new RegExp(`^${component.name} +${component.verdict} `, "m"));
  for (const end of ["html", "md", "json"]) expect(text).toContain(`${record.directory}/report.${end}`);
});

test("every check that failed or proved nothing is named with what was expected and found", () => {
  for (const record of [samples.failed, samples.inconclusive]) {
    const bad = record.components.flatMap(({ checks }) => checks.filter(({ passed, proven }) => !passed || !proven));
    expect(bad.length).toBeGreaterThan(0);
    for (const { title, expected, found } of bad) {
      expect(summary(record)).toContain(title);
      expect(summary(record)).toContain(`expected ${expected}; found ${found}`);
    }
  }
});

test("every refusal is shown with what to do", () => {
  expect(samples.refused.refusals.length).toBeGreaterThan(0);
  for (const { message, hint } of samples.refused.refusals) {
    expect(summary(samples.refused)).toContain(message);
    expect(summary(samples.refused)).toContain(hint);
  }
});

test("refusals that the diagnosis names as well are told once each", () => {
  const record = structuredClone(samples.refused);
  const more = { ...record.refusals[0]!, message: "the volume is in no component", hint: "Name it." };
  record.refusals.push(more);
  record.diagnosis = record.refusals.map(({ message, hint }) => ({ object: "run", cause: message, hint }));
  for (const { message } of record.refusals)
    expect(summary(record).replace(record.summary, "").split(message)).toHaveLength(2);
});

test("a restore says how new the data is that came back", () => {
  const record = structuredClone(samples.passed);
  record.run.type = "restore";
  expect(summary(record)).toContain("ledger: its newest data is of 2026-11-21 03:00:38 UTC");
  expect(summary(samples.passed)).not.toContain("newest data");
});

test("nothing that others wrote moves the cursor", () => {
  const record = structuredClone(samples.failed);
  record.components[0]!.checks[1]!.found = "2 rows\u009b2J\u202e\u0007";
  record.summary = "\u0008\u0008All is well.\u007f";
  expect(visible(summary(record))).toBe(summary(record));
});

test("what a run could not remove is named", () => {
  const record = { ...samples.passed, leftovers: [{ what: "database shop_x", where: "127.0.0.1", why: "in use" }] };
  expect(summary(record)).toContain("left behind: database shop_x, 127.0.0.1: in use");
});
