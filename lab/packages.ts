import { access } from "node:fs/promises";
import { execa } from "execa";
import { fail } from "../src/failures.ts";
import { findPackageManager } from "./package-manager.ts";
import type { PackageManager } from "./package-manager.ts";
import { findProgram, onPath } from "./programs.ts";
import type { Program } from "./programs.ts";
import type { Talk } from "./terminal.ts";

const purposes: Record<Program, string> = {
  postgres: "PostgreSQL (the scratch servers that are destroyed and restored)",
  pgbackrest: "pgBackRest (backs up and restores one of the servers)",
  faketime: "libfaketime (a server whose clock is set while a drill runs)",
  chromium: "Chromium (the tests open the report in a real browser)",
  prometheus: "Prometheus and promtool (the tests scrape a worker with it)",
  cluster:
    "containerd, runc, umoci, skopeo, a registry, Alertmanager and small tools (a Kubernetes cluster without Docker)",
};

/** Debian's packages start a server of their own unless these files say otherwise; they are removed after the installation. */
const noServers: { program: Program; file: string; text: string }[] = [
  {
    program: "postgres",
    file: "/etc/postgresql-common/createcluster.d/firedrill.conf",
    text: "create_main_cluster = false",
  },
  // 101: starting a service is forbidden.
  { program: "prometheus", file: "/usr/sbin/policy-rc.d", text: "#!/bin/sh\nexit 101" },
  { program: "cluster", file: "/usr/sbin/policy-rc.d", text: "#!/bin/sh\nexit 101" },
];

/**
 * Finds programs, and installs the missing ones with the system's package manager: asks on a terminal, goes on by
 * itself where nobody can answer and it may. Returns the directory of PostgreSQL's programs, the file of the others.
 * Throws PROGRAM_MISSING with the command to type when it may not, or when the installation failed.
 */
export async function ensurePrograms<P extends Program>(wanted: P[], talk: Talk): Promise<Record<P, string>> {
  const missing = await missingOf(wanted);
  if (missing.length > 0) await install(missing, talk);
  const still = await missingOf(wanted);
  if (still.length > 0) {
    throw fail("PROGRAM_MISSING", `${still.join(", ")} was installed but cannot be found`, "Put it on the PATH.");
  }
  const found = await Promise.all(wanted.map(async (program) => [program, await findProgram(program)]));
  return Object.fromEntries(found) as Record<P, string>;
}

async function missingOf<P extends Program>(wanted: P[]): Promise<P[]> {
  const found = await Promise.all(wanted.map(findProgram));
  return wanted.filter((_, index) => found[index] === undefined);
}

async function install(missing: Program[], talk: Talk): Promise<void> {
  talk.say("This machine lacks:");
  for (const program of missing) talk.say(`  ${purposes[program]}`);
  const manager = await findPackageManager();
  const foreign = missing.filter((program) => manager?.packages[program] === undefined);
  if (manager === undefined || foreign.length > 0) {
    const what = manager === undefined ? "no known package manager" : `${manager.command} has no ${foreign.join(", ")}`;
    throw fail("PROGRAM_MISSING", `cannot install ${missing.join(", ")}: ${what}`, "Install it by hand; try again.");
  }
  const sudo = manager.needsRoot && process.getuid?.() !== 0 ? ["sudo"] : [];
  const commands = commandsOf(manager, missing).map((command) => [...sudo, ...command]);
  const line = commands.map((command) => command.join(" ")).join(" && ");
  await requirePermission(manager, sudo.length > 0, line, talk);
  const written: string[] = [];
  // Ctrl-C ends the package manager, and this program only after it has tidied up.
  const stay = () => undefined;
  process.on("SIGINT", stay);
  try {
    for (const { program, file, text } of noServers) {
      if (manager.command !== "apt-get" || !missing.includes(program) || (await exists(file))) continue;
      written.push(file);
      await writeExecutable(sudo, file, text);
    }
    for (const command of commands) await runCommand(command, line);
  } finally {
    process.off("SIGINT", stay);
    if (written.length > 0) await runCommand([...sudo, "rm", "-f", ...written], line);
  }
}

function commandsOf(manager: PackageManager, missing: Program[]): string[][] {
  const settings = Object.entries(manager.environment).map(([key, value]) => `${key}=${value}`);
  const inEnvironment = settings.length > 0 ? ["env", ...settings] : [];
  const packages = missing.flatMap((program) => manager.packages[program] ?? []);
  const installing = [...inEnvironment, ...manager.install, ...packages];
  return manager.refresh === undefined ? [installing] : [manager.refresh, installing];
}

async function requirePermission(manager: PackageManager, sudo: boolean, line: string, talk: Talk): Promise<void> {
  const hint = `Type: ${line}`;
  if (sudo && (await onPath("sudo")) === undefined) {
    throw fail(
      "PROGRAM_MISSING",
      `installing needs root, and there is no sudo`,
      `As root, type: ${line.replaceAll("sudo ", "")}`,
    );
  }
  if (!manager.needsRoot && process.getuid?.() === 0) {
    throw fail("PROGRAM_MISSING", `${manager.command} refuses to run as root`, `As another user, type: ${line}`);
  }
  talk.say(`To install it: ${line}`);
  if (talk.ask !== undefined) {
    if (await talk.ask("Run this now?")) return;
    throw fail("PROGRAM_MISSING", "not installed", hint);
  }
  const silent = !sudo || (await execa("sudo", ["-n", "true"], { reject: false })).exitCode === 0;
  if (!silent) throw fail("PROGRAM_MISSING", "installing needs a password for sudo, and nobody can type it here", hint);
  talk.say("Nobody to ask here: installing (this can take a minute) ...");
}

async function writeExecutable(sudo: string[], file: string, text: string): Promise<void> {
  const script = `mkdir -p "$(dirname "$1")" && printf '%s\\n' "$2" > "$1" && chmod 755 "$1"`;
  await runCommand([...sudo, "sh", "-c", script, "sh", file, text], `write ${file}`);
}

async function runCommand(command: string[], line: string): Promise<void> {
  const [file = "", ...args] = command;
  const { exitCode, all } = await execa(file, args, { stdin: "inherit", all: true, reject: false });
  if (exitCode === 0) return;
  const tail = (all ?? "").trim().split("\n").slice(-15).join("\n");
  const what = `\`${command.join(" ")}\` ended with exit code ${exitCode ?? "none"}:\n${tail}`;
  throw fail("PROGRAM_MISSING", what, `Mend what the output says, or type yourself: ${line}`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
