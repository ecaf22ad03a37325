import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";

/** What the lab needs from the system: a PostgreSQL server with its programs, pgBackRest, a browser, a false clock, Prometheus with promtool, what a Kubernetes node is made of. */
export type Program = "postgres" | "pgbackrest" | "chromium" | "faketime" | "prometheus" | "cluster";

const clusterPrograms = [
  "containerd",
  "runc",
  "umoci",
  "skopeo",
  "docker-registry",
  "mmdebstrap",
  "redis-server",
  "prometheus-alertmanager",
  "tini",
  "ip",
  "nft",
  "nsenter",
  "unshare",
  "git",
  "openssl",
];

const postgresPrograms = ["initdb", "pg_ctl", "postgres", "psql", "pg_dump", "pg_restore", "pg_dumpall", "createdb"];
const browsers = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const macBrowsers = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Folders that hold one folder a version, and where the programs lie in there. */
const versioned: [parent: string, folder: RegExp, below: string][] = [
  ["/usr/lib/postgresql", /^[\d.]+$/, "bin"],
  ["/usr", /^pgsql-[\d.]+$/, "bin"],
  ["/usr/libexec", /^postgresql\d+$/, ""],
  ["/opt/homebrew/opt", /^postgresql@\d+$/, "bin"],
  ["/usr/local/opt", /^postgresql@\d+$/, "bin"],
  ["/home/linuxbrew/.linuxbrew/opt", /^postgresql@\d+$/, "bin"],
  ["/Applications/Postgres.app/Contents/Versions", /^\d+$/, "bin"],
];

/** Where a program is: the directory of PostgreSQL's programs, the file of the others; undefined when it is missing. */
export async function findProgram(program: Program): Promise<string | undefined> {
  if (program === "postgres") return await findPostgres();
  if (program === "prometheus" && (await onPath("promtool")) === undefined) return undefined;
  if (program === "cluster") return await findAll(clusterPrograms);
  if (program !== "chromium") return await onPath(program);
  for (const browser of browsers) {
    const found = await onPath(browser);
    if (found !== undefined) return found;
  }
  return await first(macBrowsers, isExecutable);
}

/** The first of them, when all are there. */
async function findAll(names: string[]): Promise<string | undefined> {
  const found = await Promise.all(names.map(onPath));
  return found.includes(undefined) ? undefined : found[0];
}

/** The file that a name stands for, on PATH and in the folders where services and Homebrew put programs. */
export async function onPath(name: string): Promise<string | undefined> {
  return await first(
    searchPath().map((directory) => join(directory, name)),
    isExecutable,
  );
}

function searchPath(): string[] {
  const usual = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
  const brew = ["/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"];
  return [...(process.env["PATH"] ?? "").split(delimiter).filter((part) => part !== ""), ...usual, ...brew];
}

async function findPostgres(): Promise<string | undefined> {
  const found = (await first(searchPath(), isWhole)) ?? (await first(await versionedFolders(), isWhole));
  if (found !== undefined) return found;
  const config = await onPath("pg_config");
  if (config === undefined) return undefined;
  const { stdout, exitCode } = await execa(config, ["--bindir"], { reject: false });
  return exitCode === 0 && (await isWhole(stdout.trim())) ? stdout.trim() : undefined;
}

/** A directory with only the client's programs does not do. */
async function isWhole(directory: string): Promise<boolean> {
  const present = postgresPrograms.map((name) => isExecutable(join(directory, name)));
  return (await Promise.all(present)).every(Boolean);
}

/** Newest version first within each parent. */
async function versionedFolders(): Promise<string[]> {
  const lists = versioned.map(async ([parent, shape, below]) => {
    const names = (await listFolder(parent)).filter((name) => shape.test(name));
    const newestFirst = names.sort((a, b) => versionOf(b) - versionOf(a));
    return newestFirst.map((name) => join(parent, name, below));
  });
  return (await Promise.all(lists)).flat();
}

function versionOf(name: string): number {
  return Number(/[\d.]+$/.exec(name)?.[0] ?? 0);
}

async function listFolder(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw new Error(`cannot list ${directory}`, { cause: error });
  }
}

async function first(candidates: string[], holds: (path: string) => Promise<boolean>): Promise<string | undefined> {
  for (const candidate of candidates) if (await holds(candidate)) return candidate;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
