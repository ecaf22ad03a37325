import { execa } from "execa";
import { fail } from "../src/failures.ts";
import { onPath } from "./programs.ts";

/**
 * The operating-system user for the servers: PostgreSQL refuses root, so as root it is `postgres`, or `nobody` where
 * there is none. Undefined when this process is not root: then everything runs as the person who called.
 */
export async function labUser(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ["postgres", "nobody"]) {
    if ((await execa("id", ["-u", user], { reject: false })).exitCode === 0) return user;
  }
  throw fail(
    "PROGRAM_MISSING",
    "PostgreSQL refuses root, and there is no user postgres or nobody",
    "Run as another user.",
  );
}

/**
 * Runs a program as `user` (undefined: as ourselves) and returns its standard output. It gets a process group of its
 * own, so that Ctrl-C reaches us alone, and none of the caller's PG* variables. Throws with the end of its output.
 * @param home becomes HOME: libpq and pgBackRest look for files there, and root's home is closed to the user
 */
export async function runAs(user: string | undefined, home: string, command: string[]): Promise<string> {
  if (user !== undefined && (await onPath("runuser")) === undefined) {
    throw fail("PROGRAM_MISSING", "runuser is missing", "Install util-linux, or run as a user other than root.");
  }
  const [file = "", ...args] = user === undefined ? command : ["runuser", "-u", user, "--", ...command];
  const { exitCode, stdout, all } = await execa(file, args, {
    all: true,
    cwd: "/",
    detached: true,
    env: { ...ownEnvironment(), HOME: home },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  if (exitCode === 0) return stdout;
  const tail = (all ?? "").trim().split("\n").slice(-15).join("\n");
  throw fail("PROGRAM_FAILED", `\`${command.join(" ")}\` ended with exit code ${exitCode ?? "none"}: ${tail}`);
}

function ownEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("PG") && !key.startsWith("LC_"));
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}
