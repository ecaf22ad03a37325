import { expect, test } from "vitest";
import { parseMoment } from "../../src/plan/moment.ts";

test.each([
  ["2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z"],
  ["2026-11-21 03:00Z", "2026-11-21T03:00:00Z"],
  [" 2026-11-21 03:00:00+01:00 ", "2026-11-21T02:00:00Z"],
  ["2026-11-21T03:00:00-0530", "2026-11-21T08:30:00Z"],
  ["2026-03-01T00:30:00+01", "2026-02-28T23:30:00Z"],
  ["2024-02-29T12:00:00.123456Z", "2024-02-29T12:00:00.123456Z"],
])("%j is %s", (text, utc) => {
  expect(parseMoment(text)).toBe(utc);
});

test.each([
  ["no time zone", "2026-11-21T03:00:00"],
  ["no time", "2026-11-21"],
  ["a word", "yesterday"],
  ["a month 13", "2026-13-01T00:00:00Z"],
  ["a month 0", "2026-00-10T00:00:00Z"],
  ["the 31st of February", "2026-02-31T00:00:00Z"],
  ["the 29th of February of a year without", "2026-02-29T00:00:00Z"],
  ["the 32nd", "2026-01-32T00:00:00Z"],
  ["an hour 25", "2026-01-01T25:00:00Z"],
  ["a zone of a hundred hours", "2026-01-01T00:00:00+99:00"],
  ["a year before the first one elsewhere", "0000-01-01T00:00:00+01:00"],
  ["a year of five digits elsewhere", "9999-12-31T23:59:59-01:00"],
  ["nothing", ""],
])("%s is no moment", (_, text) => {
  expect(parseMoment(text)).toBeUndefined();
});
