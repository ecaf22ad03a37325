import { execa } from "execa";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fail } from "../failures.ts";
import { buildTemporal } from "./build-server.ts";
import { downloadTemporal, officialArchive } from "./download-server.ts";
import { installInto } from "./install-server.ts";

/** The newest version that `go install` can build; the download is the same one, so that both ways give the same server. */
export const temporalVersion = "1.5.1";

const programName = process.platform === "win32" ? "temporal.exe" : "temporal";

/**
 * Path of a `temporal` CLI program, which also is the dev server: on PATH, in our cache, or installed into our cache by
 * the official download or, where downloads are refused, by `go install`.
 * @param say gets one line for each thing that takes time
 * @param archive where the official download is
 * @throws PROGRAM_MISSING with all that was tried
 */
export async function findTemporal(say: (line: string) => void, archive = officialArchive): Promise<string> {
  const onPath = await findOnPath();
  if (onPath !== undefined) return onPath;
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "firedrill");
  const cached = join(cache, `temporal-${temporalVersion}`, programName);
  if (await isTemporal(cached)) return cached;

  say(`There is no Temporal CLI on PATH: getting version ${temporalVersion} for ${cached}.`);
  const ways = [
    { name: "download", get: (directory: string) => downloadTemporal(archive, temporalVersion, directory, say) },
    { name: "go install", get: (directory: string) => buildTemporal(temporalVersion, directory, say) },
  ];
  const tried = ["PATH: no program temporal that answers --version"];
  for (const { name, get } of ways) {
    try {
      await installInto(cached, async (directory) => {
        await get(directory);
        if (!(await isTemporal(join(directory, programName)))) throw new Error("the program does not answer --version");
      });
      say(`The Temporal CLI is installed.`);
      return cached;
    } catch (error) {
      const reason = `${name}: ${(error as Error).message}`;
      say(`That did not work: ${reason}`);
      tried.push(reason);
    }
  }
  throw fail(
    "PROGRAM_MISSING",
    `there is no Temporal CLI and none could be installed; ${tried.join("; ")}`,
    "Install it (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a Temporal server that runs.",
  );
}

async function findOnPath(): Promise<string | undefined> {
  const directories = (process.env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const directory of directories) {
    const program = join(directory, programName);
    if (await isTemporal(program)) return program;
  }
  return undefined;
}

/** Other programs have this name too, and a file can be for another machine. */
async function isTemporal(program: string): Promise<boolean> {
  // In a process group of its own: killed by a Ctrl-C that ends us it would seem to be missing, and be got anew.
  const options = { reject: false, timeout: 20_000, stdin: "ignore", detached: true } as const;
  const { exitCode, stdout } = await execa(program, ["--version"], options);
  return exitCode === 0 && stdout.startsWith("temporal version");
}
