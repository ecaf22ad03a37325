import { once } from "node:events";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samples } from "../support/records.ts";

/** Where what the real program prints and writes goes: a pipe that closes, a full disk, a file, a directory. */

const bin = join(import.meta.dirname, "..", "..", "bin", "firedrill.js");
let directory: string;
const env = { TEMPORAL_ADDRESS: "127.0.0.1:1" };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "firedrill-output-"));
  const component = "{ name: shop, kind: pgdump, database: shop, dumps: /var/tmp/dumps }";
  await writeFile(join(directory, "shop.yaml"), `name: shop\ncomponents:\n  - ${component}\n`);
  await mkdir(join(directory, "records", "run"), { recursive: true });
  await writeFile(join(directory, "records", "run", "report.json"), JSON.stringify(samples.passed));
  await mkdir(join(directory, "textfile"));
});
afterAll(() => rm(directory, { recursive: true }));

function firedrill(...args: string[]) {
  return execa(process.execPath, [bin, ...args], { cwd: directory, env, reject: false, stdin: "ignore" });
}

const report = "records/run/report.json";
const printing = [
  ["--help"],
  ["report", "--help"],
  ["plan", "show", "shop.yaml"],
  ["plan", "check", "shop.yaml"],
  ["report", report],
  ["report", report, "--json"],
  ["runs", "--records", "records"],
  ["runs", "--records", "records", "--json"],
  ["trend", "homelab", "--records", "records"],
  ["metrics", "--records", "records"],
];

test.each(printing.map((args) => [args]))("%j: a reader that goes away ends it without a word", async (args) => {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  const [code] = (await once(child, "close")) as [number];
  expect(said).toBe("");
  expect(code).toBe(141);
});

test.each([[["--help"]], [["metrics", "--records", "records"]], [["report", report, "--json"]]])(
  "%j onto a full disk says so, and no more",
  async (args) => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [bin, ...args], { cwd: directory, stdio: ["ignore", full.fd, "pipe"] });
    let said = "";
    child.stderr!.on("data", (text) => (said += String(text)));
    const [code] = (await once(child, "close")) as [number];
    await full.close();
    expect(said).toMatch(/^error: what it has to say cannot be written \(ENOSPC\)\nhint: .*\n$/);
    expect(code).toBe(1);
  },
);

const commands = {
  metrics: ["metrics", "--records", "records"],
  report: ["report", report],
};

test.each(Object.entries(commands))("%s --output says what is in the way, and makes nothing", async (_, command) => {
  const before = await readdir(directory);
  for (const [output, words] of [
    ["textfile", "textfile is a directory"],
    ["textfile/", "textfile/ is a directory"],
    ["nowhere/x.prom", /there is no directory \S+\/nowhere\n/],
    ["shop.yaml/x.prom", /there is no directory \S+\/shop\.yaml\n/],
    ["/dev/full", "cannot write /dev/full (ENOSPC)"],
    ["/proc/x.prom", /cannot write \/proc\/x\.prom \([A-Z]+\)/],
  ] as const) {
    const { exitCode, stderr } = await firedrill(...command, "--output", output);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^error: .*\nhint: .*$/);
    expect(exitCode, output).toBe(2);
  }
  expect(await readdir(directory)).toEqual(before);
  const pipe = join(directory, "pipe");
  await execa("mkfifo", [pipe]);
  const [read] = await Promise.all([readFile(pipe, "utf8"), firedrill(...command, "--output", pipe)]);
  expect(read).not.toBe("");
  await rm(pipe);
});

test("metrics are for all to read and never half written, whatever the umask; a link stays one", async () => {
  const file = join(directory, "textfile", "firedrill.prom");
  await writeFile(file, "old");
  await chmod(file, 0o600);
  await symlink(file, join(directory, "link.prom"));
  const before = (await stat(file)).ino;
  const umask = process.umask(0o077);
  try {
    expect((await firedrill(...commands.metrics, "-o", "link.prom")).exitCode).toBe(0);
  } finally {
    process.umask(umask);
  }
  const { mode, ino } = await stat(file);
  expect(mode & 0o777).toBe(0o644);
  expect(ino).not.toBe(before);
  expect(await readFile(file, "utf8")).toContain("firedrill_last_run_verdict");
  expect(await readFile(join(directory, "link.prom"), "utf8")).toContain("firedrill_last_run_verdict");
  expect(await readdir(join(directory, "textfile"))).toEqual(["firedrill.prom"]);
});

test.runIf(process.getuid?.() === 0)("who may not write there is told so", async () => {
  await chmod(directory, 0o755);
  const nobody = { uid: 65_534, gid: 65_534 };
  const args = [bin, ...commands.metrics, "-o", join(directory, "textfile", "x.prom")];
  const { exitCode, stderr } = await execa(process.execPath, args, { cwd: directory, env, reject: false, ...nobody });
  expect(stderr).toMatch(/^error: cannot write \S+x\.prom \(EACCES\)\nhint: .*$/);
  expect(exitCode).toBe(2);
});
