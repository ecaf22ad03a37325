import { expect, test } from "vitest";
import { durationMs, sizeBytes } from "../../src/plan/units.ts";

test.each([
  ["45m", 2_700_000],
  ["1h 30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["250ms", 250],
  ["0s", 0],
  ["45", undefined],
  ["-5m", undefined],
  ["5 minutes ago", undefined],
  ["", undefined],
  ["1e3s", undefined],
  ["9".repeat(400) + "h", undefined],
])("the duration %j", (text, expected) => {
  expect(durationMs(text)).toBe(expected);
});

test.each([
  ["500 MB", 500_000_000],
  ["1GiB", 1_073_741_824],
  ["1.5 kB", 1500],
  ["0 B", 0],
  ["500", undefined],
  ["-1 GB", undefined],
  ["9".repeat(400) + " TB", undefined],
])("the size %j", (text, expected) => {
  expect(sizeBytes(text)).toBe(expected);
});
