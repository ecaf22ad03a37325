import { describe, expect, test } from "vitest";
import { describeFailure } from "../../src/failures.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { parseRecord, reportJsonSchema, RunRecordSchema } from "../../src/report/schema.ts";
import { samples } from "../support/records.ts";

const all = Object.entries(samples);

function failureOf(text: string) {
  try {
    parseRecord(text, "report.json");
  } catch (error) {
    return describeFailure(error);
  }
  return expect.fail("the text was taken for a record");
}

function broken(change: (record: RunRecord & Record<string, unknown>) => void): string {
  const record = structuredClone(samples.passed) as RunRecord & Record<string, unknown>;
  change(record);
  return JSON.stringify(record);
}

test.each(all)("the record of a run that %s survives being written and read again", (_, record) => {
  expect(parseRecord(JSON.stringify(record), "report.json")).toEqual(record);
});

describe("what is not a record is refused, with its place", () => {
  test.each<[string, string, string]>([
    ["no JSON", "{", "report.json is not JSON"],
    ["something else", "[]", "(whole file)"],
    ["another version", broken((r) => Object.assign(r, { version: 2 })), "version: "],
    ["an unknown key", broken((r) => Object.assign(r, { extra: 1 })), '"extra"'],
    ["an unknown verdict", broken((r) => Object.assign(r, { verdict: "PERFECT" })), "verdict: "],
    ["a time without a zone", broken((r) => (r.startedAt = "2026-11-21 03:00")), "startedAt: "],
    [
      "a missing key deep inside",
      broken((r) => delete (r.steps[3] as Partial<object>)["note" as never]),
      "steps.3.note",
    ],
    ["half a backup", broken((r) => (r.components[0]!.backup!.bytes = -1)), "components.0.backup.bytes"],
  ])("%s", (_, text, place) => {
    const failure = failureOf(text);
    expect(failure.type).toBe("RECORD_INVALID");
    expect(failure.message).toContain(place);
    expect(failure.hint).toMatch(/\.$/);
  });

  test.each(["DB_PASSWORD=hunter2-secret\n", "hunter2-secret", '{ "a": hunter2-secret', "[1,\nhunter2-secret]", ""])(
    "a file that was named by mistake is not quoted: %j",
    (text) => {
      const { message } = failureOf(text);
      expect(message).toMatch(/^report\.json is not JSON( \(line \d+ column \d+\))?$/);
    },
  );

  test("all its errors at once", () => {
    const { message } = failureOf(broken((r) => Object.assign(r, { verdict: 1, summary: null })));
    expect(message).toContain("verdict: ");
    expect(message).toContain("summary: ");
  });
});

test("the JSON schema is of draft 2020-12, has a title, no $id, and asks for every key", () => {
  const schema = reportJsonSchema();
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(schema.title).toBe("Firedrill run record");
  expect(JSON.stringify(schema)).not.toContain('"$id"');
  expect(schema.required?.toSorted()).toEqual(Object.keys(RunRecordSchema.shape).toSorted());
  expect(schema.additionalProperties).toBe(false);
});
