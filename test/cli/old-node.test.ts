import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let directory: string;

beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "firedrill-node-"))));
afterAll(() => rm(directory, { recursive: true }));

/** Runs the program by a Node that says that it is another version. */
async function runAs(version: string) {
  const pretend = join(directory, `${version}.cjs`);
  const versions = `{ ...process.versions, node: "${version}" }`;
  await writeFile(pretend, `Object.defineProperty(process, "versions", { value: ${versions} });`);
  return execa(process.execPath, ["--require", pretend, bin, "--version"], { reject: false });
}

test.each(["0.10.48", "20.20.2", "22.12.0", "24.11.1"])(
  "in a clone, Node %s is told what is needed, in one line",
  async (version) => {
    const { exitCode, stdout, stderr } = await runAs(version);
    expect(stderr).toBe(
      `error: firedrill needs Node 24.12 or newer, found ${version}: ` +
        "run `npm ci` here and then `npx firedrill`, which brings its own Node",
    );
    expect([exitCode, stdout]).toEqual([2, ""]);
  },
);

test.each(["24.12.0", "25.0.0"])("Node %s is good enough", async (version) => {
  expect(await runAs(version)).toMatchObject({ exitCode: 0, stdout: "0.1.0" });
});
