import { execaSync } from "execa";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLz4 } from "../../../src/activities/longhorn/lz4.ts";

const text = Buffer.from("the same again and again, ".repeat(100_000));
const mixed = Buffer.concat([randomBytes(70_000), text, Buffer.alloc(300_000), randomBytes(5)]);

/** Frames as the reference program makes them; the ones here say how, where there is none on this machine. */
const pack = (data: Buffer, ...options: string[]) =>
  Buffer.from(execaSync("lz4", ["-c", ...options], { input: data, encoding: "buffer" }).stdout);

test.each([
  [[], "as by default"],
  [["-9", "-B4"], "small blocks, high compression"],
  [["-BD"], "blocks that refer to those before"],
  [["-BX", "--content-size"], "checksums of blocks, and its size"],
  [["--no-frame-crc"], "no checksum"],
])("a frame of lz4 %j is read: %s", (options) => {
  for (const data of [Buffer.alloc(0), Buffer.from("a"), text, mixed])
    expect(readLz4(pack(data, ...options)).equals(data)).toBe(true);
});

test("a frame that is cut anywhere, or is none, is refused", () => {
  const frame = pack(mixed.subarray(0, 80_000));
  for (let at = 0; at < frame.length; at += 997)
    expect(() => readLz4(frame.subarray(0, at)), String(at)).toThrow(/cut|no frame/);
  expect(() => readLz4(frame.subarray(0, -1))).toThrow("cut");
  expect(() => readLz4(Buffer.from("no frame at all"))).toThrow("no frame of LZ4");
});

test("bytes that are altered never make it run away", () => {
  const frame = pack(text.subarray(0, 5_000));
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
      const harmed = Buffer.from(frame);
      harmed[at] = harmed[at]! ^ bits;
      try {
        expect(readLz4(harmed).length).toBeLessThan(16 * 1024 * 1024);
      } catch (error) {
        expect((error as Error).message).toMatch(/LZ4/);
      }
    }),
    { numRuns: 300 },
  );
});
