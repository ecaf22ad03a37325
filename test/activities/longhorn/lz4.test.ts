import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLz4 } from "../../../src/activities/longhorn/lz4.ts";

/** Frames that the reference program, lz4 1.9.4, has made of this: `lz4 -c`, with options that a file is named after. */
const frames = join(import.meta.dirname, "frames");
const frame = (name: string) => readFileSync(join(frames, `${name}.lz4`));

function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return (state >> 16) & 255;
    }),
  );
}

const repeated = Buffer.from("the same again and again, ".repeat(8_000));
const content = Buffer.concat([noise(3_000), repeated, Buffer.alloc(100_000), noise(5)]);
const names = readdirSync(frames).map((file) => file.replace(/\.lz4$/, ""));

test("there are frames of all sorts", () => {
  expect(names.length).toBeGreaterThan(5);
});

test.each(names)("a frame that was made %s is read", (name) => {
  expect(readLz4(frame(name)).equals(name === "empty" ? Buffer.alloc(0) : content)).toBe(true);
});

test("a frame that is cut anywhere, or is none, is refused", () => {
  const whole = frame("block-checksums");
  for (let at = 0; at < whole.length; at += 97)
    expect(() => readLz4(whole.subarray(0, at)), String(at)).toThrow(/cut|no frame/);
  expect(() => readLz4(whole.subarray(0, -1))).toThrow("cut");
  expect(() => readLz4(Buffer.from("no frame at all"))).toThrow("no frame of LZ4");
});

test("bytes that are altered never make it run away", () => {
  const whole = frame("high-compression");
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
      const harmed = Buffer.from(whole);
      harmed[at] = harmed[at]! ^ bits;
      try {
        expect(readLz4(harmed).length).toBeLessThan(64 * 1024 * 1024);
      } catch (error) {
        expect((error as Error).message).toMatch(/LZ4/);
      }
    }),
    { numRuns: 300 },
  );
});
