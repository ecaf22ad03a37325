import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMoment } from "../../src/plan/moment.ts";
import { durationMs, sizeBytes } from "../../src/plan/units.ts";
import { bytes, seconds } from "../../src/report/format.ts";
import { text } from "./mutations.ts";
import { runs, timeout } from "./runs.ts";

const msOf = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const bytesOf = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;
const unit = <T extends object>(units: T) => fc.constantFrom(...(Object.keys(units) as (keyof T & string)[]));
const gap = fc.constantFrom("", " ", "  ");

test("a duration is the sum of its parts, however it is spaced", { timeout }, () => {
  const part = fc.tuple(fc.nat(9_999), gap, unit(msOf), gap);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const sum = parts.reduce((sum, [amount, , of]) => sum + amount * msOf[of], 0);
      expect(durationMs(parts.map(([amount, inside, of, after]) => `${amount}${inside}${of}${after}`).join(""))).toBe(
        sum,
      );
    }),
    runs(1_000),
  );
});

test("a size is its number times its unit", { timeout }, () => {
  fc.assert(
    fc.property(fc.nat(8_000), gap, unit(bytesOf), (amount, inside, of) => {
      expect(sizeBytes(`${amount}${inside}${of}`)).toBe(amount * bytesOf[of]);
    }),
    runs(500),
  );
});

test("any text is a whole number of milliseconds or bytes, or none", { timeout }, () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.stringMatching(/^[0-9.]{0,30}(ms|s|m|h|d|w|B|kB|MB|GiB|TiB)?$/)), (text) => {
      for (const value of [durationMs(text), sizeBytes(text)])
        if (value !== undefined) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
    }),
    {
      ...runs(1_000),
      examples: [["1e3s"], ["-1s"], [".5s"], ["1.s"], ["9".repeat(400) + "d"], ["1s1"], ["Infinity s"], ["1 µs"]],
    },
  );
});

/** What a report shows of a duration is at most a minute in an hour too short: it has two units. */
test("a duration that is shown can be read again, and longer ones are not shown as shorter", { timeout }, () => {
  const back = (n: number) => durationMs(seconds(n))! / 1_000;
  const long = fc.double({ min: 0, max: 364 * 86_400, noNaN: true });
  fc.assert(
    fc.property(long, long, (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      expect(back(less)).toBeLessThanOrEqual(back(more));
      expect(back(less)).toBeLessThanOrEqual(less + 0.5);
      expect(back(less)).toBeGreaterThanOrEqual(less * 0.95 - 0.5);
    }),
    {
      ...runs(1_000),
      examples: [
        [0.0996, 0.1],
        [9.96, 10],
        [59.5, 60],
        [3_599.6, 3_600],
        [86_399.6, 86_400],
      ],
    },
  );
});

test(
  "a size that is shown can be read again within a percent, and bigger ones are not shown as smaller",
  { timeout },
  () => {
    const big = fc.integer({ min: 0, max: 2 ** 49 });
    const back = (n: number) => sizeBytes(bytes(n))!;
    fc.assert(
      fc.property(big, big, (a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        expect(back(less)).toBeLessThanOrEqual(back(more));
        expect(Math.abs(back(less) - less)).toBeLessThanOrEqual(less * 0.01);
      }),
      {
        ...runs(1_000),
        examples: [
          [999, 1_000],
          [999_500, 1_000_000],
          [0, 1],
        ],
      },
    );
  },
);

test("a moment is the same in every time zone, and no text at all is a defect", { timeout }, () => {
  const date = fc.date({ min: new Date("0002-01-01T00:00:00Z"), max: new Date("9998-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(date, fc.integer({ min: -14, max: 14 }), (date, hours) => {
      const utc = `${date.toISOString().slice(0, 19)}Z`;
      const there = new Date(Date.parse(utc) + hours * 3_600_000).toISOString().slice(0, 19);
      const zone = `${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}`;
      for (const end of [zone, `${zone}:00`, `${zone}00`]) expect(parseMoment(there + end)).toBe(utc);
    }),
    runs(500),
  );
  const number = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, "0"));
  const shaped = fc
    .tuple(fc.nat(9_999), fc.array(number, { minLength: 7, maxLength: 7 }))
    .map(([year, [a, b, c, d, e, f]]) => `${String(year).padStart(4, "0")}-${a}-${b}T${c}:${d}:${e}+${f}`);
  fc.assert(
    fc.property(fc.oneof(shaped, text), (text) => {
      const moment = parseMoment(text);
      if (moment !== undefined) expect(new Date(moment).toISOString().slice(0, 19)).toBe(moment.slice(0, 19));
    }),
    runs(1_000),
  );
});
