import { expect, test } from "vitest";
import {
  archivedSegments,
  continuity,
  newestSegment,
  parseLsn,
  parseSegment,
  segmentName,
  startOf,
} from "../../../src/activities/pgbackrest/wal.ts";

const size = 16 * 1024 * 1024;
const named = (timeline: number, ...numbers: number[]) =>
  numbers.map((number) => segmentName({ timeline, number: BigInt(number) }, size));

test("names and positions survive a round trip, over the end of a log and with other segment sizes", () => {
  expect(named(1, 255, 256)).toEqual(["0000000100000000000000FF", "000000010000000100000000"]);
  for (const bytes of [1024 * 1024, size, 1024 * 1024 * 1024]) {
    const segment = { timeline: 18, number: 12_345n };
    expect(parseSegment(segmentName(segment, bytes), bytes)).toEqual(segment);
  }
  expect(parseLsn("16/B374D848")).toBe(0x16b374d848n);
  expect(startOf(parseSegment("00000001000000160000000B", size), size)).toBe(parseLsn("16/0B000000"));
  expect(() => parseSegment("00000002.history", size)).toThrow("not the name");
  expect(() => parseLsn("nothing")).toThrow("not a position");
});

test("only whole segments count: no history, backup or partial files", () => {
  const sha = "c6a64063938a068322a150c37a5e14788aaa2a33";
  const files = [
    ".",
    "15-1/0000000100000000",
    `15-1/0000000100000000/000000010000000000000001-${sha}.zst`,
    `15-1/0000000100000000/000000010000000000000002-${sha}`,
    `15-1/0000000100000000/000000010000000000000003.partial-${sha}.gz`,
    "15-1/0000000100000000/000000010000000000000002.00000028.backup",
    "15-1/00000002.history",
  ];
  expect(archivedSegments(files)).toEqual(["000000010000000000000001", "000000010000000000000002"]);
});

test.each([
  ["nothing missing", named(1, 1, 2, 3, 4), { holes: [], count: 3, newest: named(1, 4)[0] }],
  ["over the end of a log", named(1, 2, 3), { holes: [], count: 2, newest: named(1, 3)[0] }],
  ["one missing", named(1, 2, 4), { holes: named(1, 3), count: 2, newest: named(1, 4)[0] }],
  ["the first missing", named(1, 3, 4), { holes: named(1, 2), count: 2, newest: named(1, 4)[0] }],
  ["a range missing", named(1, 2, 9), { holes: [named(1, 3, 8).join(" to ")], count: 2, newest: named(1, 9)[0] }],
  ["all missing", named(1, 1), { holes: named(1, 2), count: 0, newest: undefined }],
  ["a new timeline", [...named(1, 2, 3, 4), ...named(2, 4, 5)], { holes: [], count: 5, newest: named(2, 5)[0] }],
  ["a new timeline behind", [...named(1, 2, 3), ...named(2, 4)], { holes: [], count: 3, newest: named(2, 4)[0] }],
  ["between timelines", [...named(1, 2), ...named(2, 4)], { holes: named(2, 3), count: 2, newest: named(2, 4)[0] }],
])("continuity of the archive: %s", (_, names, expected) => {
  expect(continuity(names.toReversed(), named(1, 2)[0]!, size)).toEqual(expected);
});

test("the newest segment is that of the newest timeline", () => {
  expect(newestSegment([...named(2, 4), ...named(1, 9), ...named(2, 3)], size)).toBe(named(2, 4)[0]);
  expect(newestSegment([], size)).toBeUndefined();
});
