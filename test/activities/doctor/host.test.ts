import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookAtDirectory } from "../../../src/activities/doctor/host.ts";

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), "firedrill-host-"))));
afterEach(() => rm(directory, { recursive: true }));

test("a directory that is missing is not made, and one that is there is left as it was", async () => {
  expect(await lookAtDirectory(join(directory, "records", "deep"))).toMatch(/records\/deep, .* free$/);
  expect(await lookAtDirectory(directory)).toMatch(/ free$/);
  expect(await readdir(directory)).toEqual([]);
});

test("a file in its way is said", async () => {
  await writeFile(join(directory, "records"), "");
  await expect(lookAtDirectory(join(directory, "records"))).rejects.toMatchObject({ type: "PERMISSION_DENIED" });
});
