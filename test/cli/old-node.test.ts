import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let directory: string;

beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "firedrill-node-"))));
afterAll(() => rm(directory, { recursive: true }));

/** Runs the program by a Node that says that it is another version. */
async function runAs(version: string, program = bin) {
  const pretend = join(directory, `${version}.cjs`);
  const versions = `{ ...process.versions, node: "${version}" }`;
  await writeFile(pretend, `Object.defineProperty(process, "versions", { value: ${versions} });`);
  return execa(process.execPath, ["--require", pretend, program, "--version"], { reject: false });
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

/** "22.19" of ">=22.19.0", "24.12" of "^22.1 || >=24.12". */
const newestOf = (range: string) =>
  /(\d+)(?:\.(\d+))?[^|]*$/
    .exec(range)!
    .slice(1, 3)
    .map((one) => Number(one ?? 0));

test("the package needs the Node that its dependencies need, and says so", async () => {
  const read = async (file: string) => JSON.parse(await readFile(file, "utf8")) as Package;
  const own = await read("package.json");
  const ranges = await Promise.all(
    Object.keys(own.dependencies).map(async (name) => (await read(`node_modules/${name}/package.json`)).engines?.node),
  );
  const [needed] = ranges
    .filter((range) => range !== undefined)
    .map(newestOf)
    .toSorted(([a = 0, b = 0], [c = 0, d = 0]) => c - a || d - b);
  expect(newestOf(own.engines!.node!)).toEqual(needed);
  const version = needed!.join(".");
  const [readme, homelab] = await Promise.all(["README.md", "docs/homelab.md"].map((file) => readFile(file, "utf8")));
  for (const text of [readme, homelab]) expect(text).toContain(`needs Node.js ${version}`);
  // Where no sources lie beside it, it is the package.
  const program = join(directory, "package", "bin", "firedrill.js");
  await mkdir(join(directory, "package", "bin"), { recursive: true });
  await copyFile(bin, program);
  const older = await runAs(`${needed![0]}.${needed![1]! - 1}.0`, program);
  expect(older.stderr).toContain(`error: firedrill needs Node ${version} or newer`);
  expect((await runAs(`${version}.0`, program)).stderr).toContain("firedrill is not built");
});

interface Package {
  engines?: { node?: string };
  dependencies: Record<string, string>;
}
