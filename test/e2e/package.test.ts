import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

/** The package as a stranger gets it: packed, installed into an empty folder, run from there. */

const root = join(import.meta.dirname, "..", "..");
const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
let directory: string;
let tarball: string;

/** npm hands its own settings down to whatever it runs; here each npm begins anew. */
const env = { npm_config_local_prefix: undefined, INIT_CWD: undefined, npm_config_cache: undefined };

function npm(cwd: string, ...args: string[]) {
  return execa("npm", args, { cwd, env });
}

async function emptyFolder(name: string, ...packages: string[]): Promise<string> {
  const folder = join(directory, name);
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  await npm(folder, ...install, ...packages);
  return folder;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-package-"));
  const { stdout } = await npm(root, "pack", "--json", "--loglevel=error", "--pack-destination", directory);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as { filename: string }[];
  tarball = join(directory, packed!.filename);
});
afterAll(() => rm(directory, { recursive: true }));

test("the package has JavaScript, the workflow bundle and the assets, and no TypeScript", async () => {
  const { stdout } = await execa("tar", ["-tzf", tarball]);
  const files = stdout.split("\n");
  expect(files.filter((file) => /\.ts$|^package\/(src|test|demo|lab)\//.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(
      ["bin/firedrill.js", "dist/cli/main.js", "dist/workflow-bundle.js", "dist/report/style.css", "LICENSE"].map(
        (file) => `package/${file}`,
      ),
    ),
  );
});

describe.each([
  ["24", []],
  ["22", ["node@22"]],
])("installed with Node %s", (version, extra) => {
  let folder: string;
  // `npx` puts the folder's own programs first on the PATH, a node that is installed there too.
  const own = () => ({ ...env, PATH: `${join(folder, "node_modules", ".bin")}:${process.env["PATH"]}` });
  const firedrill = (args: string[], more: Record<string, string> = {}) =>
    execa("npx", ["firedrill", ...args], { cwd: folder, env: { ...own(), ...more }, reject: false });

  beforeAll(async () => {
    const node = version === "24" ? [`node@${process.versions.node}`] : extra;
    folder = await emptyFolder(`node-${version}`, tarball, ...node);
  });

  test("it runs on that Node", async () => {
    const { stdout } = await execa("npx", ["node", "--version"], { cwd: folder, env: own() });
    expect(stdout).toMatch(new RegExp(`^v${version}\\.`));
  });

  test("--help works", async () => {
    const { exitCode, stdout, stderr } = await firedrill(["--help"]);
    expect(stdout).toContain("Usage: firedrill");
    expect(stderr).not.toContain("Warning");
    expect(exitCode).toBe(0);
  });

  test("plan check says yes to every example", async () => {
    const examples = join(folder, "node_modules", "firedrill", "examples");
    const plans = (await readdir(examples)).filter((file) => file.endsWith(".yaml") && file !== "firedrill.yaml");
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      const { exitCode, stdout } = await firedrill(["plan", "check", join(examples, plan)]);
      expect(stdout).toContain("ok: plan");
      expect(exitCode).toBe(0);
    }
  });

  test("its worker runs the bundled workflows, and its command line tells how that ended", async () => {
    const more = { TEMPORAL_ADDRESS: inject("temporalAddress"), FIREDRILL_CONFIG: join(folder, "firedrill.yaml") };
    await writeFile(join(folder, "firedrill.yaml"), `taskQueue: package-${version}\n`);
    for (const name of ["plans", "records", "state"]) await mkdir(join(folder, name));
    // Not through npx, which would not hand the signal on.
    const program = [join("node_modules", ".bin", "node"), join("node_modules", ".bin", "firedrill")] as const;
    const worker = execa(program[0], [program[1], "worker"], { cwd: folder, env: more, reject: false });
    const { exitCode, stderr } = await firedrill(["exercise", "nope", "--scenario", "none"], more);
    worker.kill("SIGTERM");
    expect((await worker).exitCode).toBe(0);
    expect(stderr).toMatch(/error: .*nope/);
    expect(exitCode).toBe(2);
  });

  test("a Node that is too old gets one clear line", async () => {
    const pretend = join(folder, "old.cjs");
    await writeFile(pretend, 'Object.defineProperty(process, "versions", { value: { node: "20.20.2" } });');
    const { exitCode, stderr } = await firedrill(["--help"], { NODE_OPTIONS: `--require ${pretend}` });
    expect(stderr).toMatch(/^error: firedrill needs Node 22\.19 or newer, found 20\.20\.2: [^\n]*$/m);
    expect(exitCode).toBe(2);
  });
});
