import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assertWritable, writeAtomically } from "../../src/activities/files.ts";

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "fd-files-"))));
afterEach(async () => rm(directory, { recursive: true }));

test("many who make the same directories at the same time do not get in each other's way", async () => {
  for (let round = 0; round < 20; round++) {
    const deep = join(directory, `${round}/a/b/c`);
    const writes = Array.from({ length: 20 }, (_, i) => writeAtomically(join(deep, `${i % 4}`, `${i}.json`), "{}"));
    await Promise.all(writes);
    expect(await readdir(deep)).toEqual(["0", "1", "2", "3"]);
  }
});

test("where no directory can be made, it says so and returns", async () => {
  await expect(assertWritable("/proc/no/such/place")).rejects.toThrow("no directory can be made in /proc");
});

test("a file in the way of a directory is an error, and stays", async () => {
  await writeAtomically(join(directory, "file"), "kept");
  await expect(assertWritable(join(directory, "file"))).rejects.toThrow(`${join(directory, "file")} is in the way`);
  await expect(assertWritable(join(directory, "file", "below"))).rejects.toThrow("file");
  expect(await readdir(directory)).toEqual(["file"]);
});
