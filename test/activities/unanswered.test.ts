import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listen } from "../../src/activities/unanswered.ts";

/** When a server counts as away, by questions to it at seconds after the beginning. */

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

type Question = [askedAt: number, endedAt: number, how: "answered" | "unanswered"];

function heard(...questions: Question[]) {
  const told: [from: number, to: number | null][] = [];
  const ear = listen((from, to) => told.push([from / 1_000, to === null ? null : to / 1_000]));
  for (const [askedAt, endedAt, how] of questions) {
    vi.setSystemTime(endedAt * 1_000);
    ear[how](askedAt * 1_000);
  }
  return told;
}

test("a server that is away is told as soon as it counts, and when it is back", () => {
  expect(
    heard(
      [0, 1, "answered"],
      [10, 10, "unanswered"],
      [12, 12, "unanswered"],
      [14, 14, "unanswered"],
      [20, 21, "answered"],
    ),
  ).toEqual([
    [10, null],
    [10, 21],
  ]);
});

test("what is shorter than three seconds is not told", () => {
  expect(heard([10, 10, "unanswered"], [12, 12, "unanswered"], [12.5, 12.9, "answered"])).toEqual([]);
  expect(heard([10, 10, "unanswered"], [12, 13, "answered"])).toEqual([[10, 13]]);
});

test("what lasts when nobody asks any more ends then", () => {
  const told: number[][] = [];
  const ear = listen((from, to) => told.push([from, to!]));
  ear.unanswered(0);
  ear.over(2_900);
  vi.setSystemTime(9_000);
  ear.unanswered(9_000);
  ear.over(12_000);
  expect(told).toEqual([[9_000, 12_000]]);
});

test("a question that hangs alone, while others are answered, is no silence", () => {
  expect(heard([0, 29, "answered"], [0, 30, "unanswered"], [30, 31, "answered"])).toEqual([]);
  expect(heard([0, 1, "answered"], [2, 32, "unanswered"], [33, 33, "answered"])).toEqual([
    [2, null],
    [2, 33],
  ]);
});

test("of a time in which nobody asked nothing is told", () => {
  expect(heard([10, 10, "unanswered"], [90, 90, "answered"])).toEqual([]);
  expect(heard([10, 15, "unanswered"], [90, 90, "unanswered"], [92, 92, "answered"])).toEqual([
    [10, null],
    [10, 15],
  ]);
});
