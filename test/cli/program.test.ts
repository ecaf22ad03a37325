import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visible } from "../../src/report/safe-text.ts";
import { samples } from "../support/records.ts";

/** The real program, as a child process. Nothing listens where it looks for Temporal. */

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-cli-"));
  const component = "{ name: shop, kind: pgdump, database: shop, dumps: /var/tmp/dumps }";
  await writeFile(join(directory, "shop.yaml"), `name: shop\ncomponents:\n  - ${component}\n`);
  await writeFile(join(directory, "bad.yaml"), `nam: bad\ncomponents:\n  - { name: shop, kind: pgdmp }\n`);
  await writeFile(join(directory, "report.json"), JSON.stringify(samples.passed));
  await mkdir(join(directory, "demo"));
  await mkdir(join(directory, "plans"));
  await writeFile(join(directory, "plans", "stock.yaml"), `name: stock\ncomponents:\n  - ${component}\n`);
  const hostile = { ...samples.passed, summary: "\u001b[2JPASS\u202e\u009b" };
  await writeFile(join(directory, "hostile.json"), JSON.stringify(hostile));
});
afterAll(() => rm(directory, { recursive: true }));

function firedrill(...args: string[]) {
  const env = { TEMPORAL_ADDRESS: "127.0.0.1:1", FORCE_COLOR: "1" };
  return execa(process.execPath, [bin, ...args], { cwd: directory, env, reject: false, stdin: "ignore" });
}

describe("wrong use ends with exit code 2 and says what is wrong", () => {
  test.each([
    [["exrcise", "shop"], "Did you mean exercise?"],
    [[], "Usage: firedrill"],
    [["exercise"], "missing required argument 'plan'"],
    [
      ["exercise", "shop", "--scenario", "fire"],
      "Allowed choices are database, namespace, volume, workload, cluster, none",
    ],
    [["exercise", "shop", "--to-time", "now"], "unknown option '--to-time'"],
    [["restore", "shop", "--to-time", "2026-11-21T03:00:00"], "time zone"],
    [["restore", "shop", "--to-time", "2026-13-01T00:00:00Z"], "time zone"],
    [["restore", "shop", "--to-time", "2026-02-31T00:00:00Z"], "time zone"],
    [["retry", "run", "restore/shop", "--failure", "0", "--reason", "x"], "the number of the failure"],
    [["retry", "run", "restore/shop"], "required option '--reason <text>' not specified"],
    [["dev", "--port", "70000"], "from 1 to 65535"],
    [["status", "--watch", "--json"], "cannot be used with"],
    [["exercise", "plans/shop.yaml", "--scenario", "none"], "say its name, shop"],
    [["report", "nowhere.json"], "there is no file nowhere.json"],
    [["report", "nowhere.json", "--recheck"], "there is no file nowhere.json"],
    [["report", "bad.yaml"], "bad.yaml is not JSON"],
    [["report", "bad.yaml", "--recheck"], "bad.yaml is not JSON"],
    [["plan", "check", "nowhere.yaml"], "there is no such file"],
    [["plan", "check", "stock"], "there is no file stock\nhint: Did you mean plans/stock.yaml?"],
    [["plan", "show", "stock"], "there is no file stock\nhint: Did you mean plans/stock.yaml?"],
    [["backup", "shop", "--id", ""], "option '--id <id>' argument '' is invalid"],
    [["backup", "shop", "--by", " "], "option '--by <name>' argument ' ' is invalid"],
    [["backup", ""], "is invalid for argument 'plan'"],
    [["retry", "run", "restore/shop", "--reason", ""], "option '--reason <text>' argument '' is invalid"],
    [["schedule", "pause", "shop", "--reason", ""], "option '--reason <text>' argument '' is invalid"],
  ])("%j", async (args, words) => {
    const { exitCode, stderr, stdout } = await firedrill(...args);
    expect(`${stderr}\n`).toContain(words);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

test("a failure is printed once, as error and hint", async () => {
  const { exitCode, stderr } = await firedrill("status", "run-1");
  expect(stderr).toMatch(/^error: Temporal does not answer at 127\.0\.0\.1:1 .*\nhint: .*$/);
  expect(exitCode).toBe(6);
}, 20_000);

test("dev does not advise itself where the environment names a server that is away, and starts no worker", async () => {
  const { exitCode, stderr, stdout } = await firedrill("dev");
  expect(stderr).toMatch(/error: Temporal does not answer at 127\.0\.0\.1:1 .*\nhint: .*unset TEMPORAL_ADDRESS/);
  expect(stderr).not.toContain("firedrill dev");
  expect(stdout).toBe("");
  expect(exitCode).toBe(6);
}, 20_000);

test("resume --record names what is no record and repeats nothing of it", async () => {
  await writeFile(join(directory, "secrets.env"), "DB_PASSWORD=hunter2-secret\n");
  for (const [file, words] of [
    ["secrets.env", "secrets.env is not JSON\n"],
    ["demo", "demo is a directory\n"],
    ["nowhere", "cannot read nowhere (ENOENT)\n"],
  ] as const) {
    const { exitCode, stderr } = await firedrill("resume", "--record", file, "--reason", "x", "--yes");
    expect(stderr).toContain(`error: ${words}hint: `);
    expect(stderr).not.toContain("hunter2");
    expect(exitCode).toBe(2);
  }
}, 30_000);

test("an exercise that destroys is not started without a terminal and without --yes", async () => {
  const { exitCode, stderr } = await firedrill("exercise", "shop");
  expect(stderr).toContain("there is no terminal to ask");
  expect(stderr).toContain("--yes --target shop");
  expect(exitCode).toBe(2);
});

test("plan check tells all problems at once, with their places", async () => {
  expect(await firedrill("plan", "check", "shop.yaml")).toMatchObject({ exitCode: 0, stderr: "" });
  const { exitCode, stderr } = await firedrill("plan", "check", "bad.yaml");
  expect(stderr).toContain("bad.yaml:1:1");
  expect(stderr).toContain("bad.yaml:3:");
  expect(exitCode).toBe(2);
});

test("a directory in place of a plan has one hint, and not that of a plan with errors", async () => {
  const { exitCode, stderr } = await firedrill("plan", "check", "plans");
  expect(stderr).toBe("error: plans:1:1: is a directory, not a file\n  hint: Name the file inside it.");
  expect(exitCode).toBe(2);
});

test("plan show lists the steps in order and marks what destroys", async () => {
  const { stdout } = await firedrill("plan", "show", "shop.yaml");
  expect(stdout).toMatch(/ destroy\/shop .*DESTROYS\n.* restore\/control\/shop /);
  expect((await firedrill("plan", "show", "shop.yaml", "--scenario", "none")).stdout).not.toContain("DESTROYS");
});

test.each<[string[], string]>([
  [["--type", "restore", "--scenario", "volume"], 'a restore has no scenario "volume"'],
  [["--type", "backup", "--scenario", "cluster"], 'a backup has no scenario "cluster"'],
  [["--scenario", "cluster"], "plan shop has no component of kind cluster"],
  [["--scenario", "namespace"], 'an exercise of scenario "namespace" is not for shop (pgdump)'],
])("plan show %j is refused as the run would be", async (words, message) => {
  const { exitCode, stdout, stderr } = await firedrill("plan", "show", "shop.yaml", ...words);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test("--json prints JSON and nothing else", async () => {
  const { stdout, stderr } = await firedrill("plan", "show", "shop.yaml", "--type", "backup", "--json");
  const { steps } = JSON.parse(stdout) as { steps: { id: string }[] };
  expect(steps.map(({ id }) => id)).toContain("backup/proof/shop");
  expect(stderr).toBe("");
});

test("--json prints JSON also for what fails: the error, as it is told on stderr", async () => {
  const { stdout, stderr, exitCode } = await firedrill("plan", "check", "bad.yaml", "--json");
  const { error } = JSON.parse(stdout) as { error: { type: string; message: string; hint: string } };
  expect(error).toMatchObject({ type: "PLAN_INVALID", message: expect.stringContaining("bad.yaml:1:1") as string });
  expect(stderr).toBe(`error: ${error.message}\nhint: ${error.hint}`);
  expect(exitCode).toBe(2);
  expect(JSON.parse((await firedrill("exercise", "shop", "--json")).stdout)).toMatchObject({
    error: { type: "REQUEST_INVALID" },
  });
  expect(JSON.parse((await firedrill("plan", "check", "shop.yaml", "--json")).stdout)).toEqual({
    ok: true,
    plan: "shop",
    environment: "dev",
    components: ["shop"],
  });
});

test("report reads a file, in each format, and writes it where it is told", async () => {
  expect((await firedrill("report", "report.json")).stdout).toContain(samples.passed.summary);
  expect(JSON.parse((await firedrill("report", "report.json", "--format", "json")).stdout)).toEqual(samples.passed);
  const { stdout, exitCode } = await firedrill("report", "report.json", "--format", "html", "--output", "out.html");
  expect([stdout, exitCode]).toEqual(["", 0]);
  expect(await readFile(join(directory, "out.html"), "utf8")).toContain("</html>");
});

test.each([[[]], [["--recheck"]]])(
  "a directory that bears the name of a run is no report %j",
  async (more) => {
    const { exitCode, stderr } = await firedrill("report", "demo", ...more);
    expect(stderr).toMatch(/^error: Temporal does not answer at 127\.0\.0\.1:1 .*\nhint: .*$/);
    expect(exitCode).toBe(6);
  },
  20_000,
);

test("what a file holds is printed without what could deceive, and as JSON still says the same", async () => {
  for (const args of [[], ["--format", "json"], ["--recheck"]]) {
    const { stdout } = await firedrill("report", "hostile.json", ...args);
    expect(stdout).toContain("PASS");
    expect(visible(stdout)).toBe(stdout);
  }
  const { stdout } = await firedrill("report", "hostile.json", "--format", "json");
  expect(JSON.parse(stdout)).toMatchObject({ summary: "\u001b[2JPASS\u202e\u009b" });
}, 20_000);

test("a failure repeats what it is about without what could deceive", async () => {
  const { stderr } = await firedrill("report", "nowhere\u001b[2J\u202e.json");
  expect(stderr).toContain("there is no file nowhere[2J.json");
});

test("there are no escape codes outside a terminal", async () => {
  const { stdout, stderr } = await firedrill("plan", "show", "shop.yaml");
  expect(stdout + stderr + (await firedrill("plan", "check", "bad.yaml")).stderr).not.toContain("\u001b");
});

test("help needs no Temporal and comes at once", async () => {
  await firedrill("--help"); // fills the compile cache
  // Other tests run beside this one: what counts is what it can do.
  let best = Infinity;
  for (let n = 0; n < 20 && best >= 150; n++) best = Math.min(best, (await firedrill("--help")).durationMs);
  expect(best).toBeLessThan(150);
});
