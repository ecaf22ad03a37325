import { expect, test } from "vitest";
import { bytes, seconds, time } from "../../src/report/format.ts";

test.each([
  [0, "0s"],
  [0.0001, "0s"],
  [0.04, "40ms"],
  [0.34, "0.3s"],
  [9.96, "10s"],
  [59.7, "1m"],
  [72.4, "1m 12s"],
  [2700, "45m"],
  [11_100.5, "3h 5m"],
  [86_400, "1d"],
])("%d seconds are %s", (n, text) => {
  expect(seconds(n)).toBe(text);
});

test("bytes are written in decimal units", () => {
  expect(bytes(104_238_112)).toBe("104 MB");
  expect(bytes(0)).toBe("0 B");
});

test("times are shown in UTC with seconds, wherever they were written", () => {
  expect(time("2026-11-21T04:12:45.678+01:00")).toBe("2026-11-21 03:12:45 UTC");
  expect(() => time("yesterday")).toThrow(RangeError);
});
